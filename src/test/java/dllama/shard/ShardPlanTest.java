package dllama.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dllama.error.UserException;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.TensorRole.Axis;
import dllama.shard.ShardPlan.Range;
import dllama.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShardPlanTest {
  private static final ModelSpec SMALL = Specs.small(DType.Q40);

  @Test
  void shouldGiveEachRankItsPart() {
    ShardPlan plan = new ShardPlan(SMALL, DType.Q80, 4);
    assertEquals(new Range(2, 4), plan.kvHeads(1));
    assertEquals(new Range(64, 128), plan.part(Axis.QUERY, 1));
    assertEquals(new Range(32, 64), plan.part(Axis.KEY, 1));
    assertEquals(new Range(64, 128), plan.part(Axis.FFN, 1));
  }

  @Test
  void shouldCutTheSameLeavesForAnyNumberOfNodesWithF32Exchange() {
    ShardPlan eight = new ShardPlan(SMALL, DType.F32, 8);
    for (int nodes : new int[] {1, 2, 4, 8}) {
      ShardPlan plan = new ShardPlan(SMALL, DType.F32, nodes);
      for (Axis axis : new Axis[] {Axis.QUERY, Axis.FFN}) {
        List<Range> leaves = new ArrayList<>();
        for (int rank = 0; rank < nodes; rank++) {
          leaves.addAll(plan.columns(axis, rank));
        }
        assertEquals(IntStream.range(0, 8).mapToObj(r -> eight.part(axis, r)).toList(), leaves);
      }
      assertEquals(List.of(new Range(0, 64)), plan.columns(Axis.DIM, 0));
    }
  }

  /// Even where a lone rank's partial is not rounded: it is asked for the numbers of that program.
  @Test
  void shouldNotCutLeavesWithQ80Exchange() {
    for (Architecture architecture : Specs.ARCHITECTURES) {
      ShardPlan plan = new ShardPlan(Specs.small(DType.Q40, architecture), DType.Q80, 1);
      assertEquals(List.of(plan.part(Axis.FFN, 0)), plan.columns(Axis.FFN, 0));
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "4", "8"})
  void shouldCoverAnUnevenVocabularyWithoutGaps(int worldSize) {
    ShardPlan plan = new ShardPlan(SMALL, DType.F32, worldSize);
    int next = 0;
    for (int rank = 0; rank < worldSize; rank++) {
      assertEquals(next, plan.vocabulary(rank).from());
      next = plan.vocabulary(rank).to();
    }
    assertEquals(301, next);
  }

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          3, nodes=3 is not a power of two; usable node counts: 1, 2, 4, 8
          0, nodes=0 is not a power of two; usable node counts: 1, 2, 4, 8
          -2147483648, nodes=-2147483648 is not a power of two; usable node counts: 1, 2, 4, 8
          16, nodes=16 is more than the model's kvHeads=8; usable node counts: 1, 2, 4, 8
          """,
      delimiterString = ", n",
      useHeadersInDisplayName = false)
  void shouldSayWhyACountIsNotUsable(int worldSize, String message) {
    var e = assertThrows(UserException.class, () -> new ShardPlan(SMALL, DType.Q80, worldSize));
    assertEquals("n" + message, e.getMessage());
  }

  @Test
  void shouldKeepBlocksOfQuantizedColumnsWhole() {
    ModelSpec odd = Specs.of(DType.Q40, 96, 192, 6, 2, 16, 300);
    assertEquals(List.of(1), ShardPlan.usableWorldSizes(odd, DType.Q80));
    assertEquals(
        "heads * headDim=96 does not divide over 2 nodes in parts of whole blocks of 32",
        ShardPlan.objection(odd, DType.Q80, 2).orElseThrow());
    ModelSpec oddF32 = Specs.of(DType.F32, 96, 192, 6, 2, 16, 300);
    assertEquals(List.of(1, 2), ShardPlan.usableWorldSizes(oddF32, DType.F32));
  }

  @Test
  void shouldRefuseUnevenFeedForwardRows() {
    ModelSpec uneven = Specs.of(DType.F32, 64, 250, 16, 8, 16, 300);
    assertEquals(List.of(1, 2), ShardPlan.usableWorldSizes(uneven, DType.F32));
    assertEquals(
        "ffnDim=250 does not divide over 4 nodes",
        ShardPlan.objection(uneven, DType.F32, 4).orElseThrow());
  }

  @Test
  void shouldAskForF32ExchangeWhereQ80HasNoWholeBlocks() {
    ModelSpec narrow = Specs.of(DType.F32, 40, 64, 8, 8, 16, 300);
    assertEquals(List.of(), ShardPlan.usableWorldSizes(narrow, DType.Q80));
    var e = assertThrows(UserException.class, () -> new ShardPlan(narrow, DType.Q80, 1));
    assertEquals(
        "dim=40 is not a multiple of 32, as q80 exchange needs (use f32); usable node counts: none",
        e.getMessage());
  }
}
