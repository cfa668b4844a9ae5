package dllama.slice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dllama.engine.Specs;
import dllama.error.UserException;
import dllama.model.Architecture;
import dllama.model.LayerAttention;
import dllama.model.ModelSpec;
import dllama.model.Range;
import dllama.model.Shapes;
import dllama.model.TensorRole.Axis;
import dllama.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShardPlanTest {
  private static final ModelSpec SMALL = Specs.small(DType.Q4_0);

  @Test
  void shouldGiveEachRankItsPart() {
    ShardPlan plan = new ShardPlan(SMALL, DType.Q8_0, 4);
    assertEquals(new Range(1, 2), plan.kvHeads(1));
    assertEquals(new Range(128, 256), plan.part(Axis.QUERY, 1));
    assertEquals(new Range(32, 64), plan.part(Axis.KEY, 1));
    assertEquals(new Range(128, 256), plan.part(Axis.FFN, 1));
    assertEquals(new Range(2, 4), new ShardPlan(SMALL, DType.Q8_0, 2).kvHeads(1));
  }

  @Test
  void shouldShareKvHeadsAmongMoreRanks() {
    ShardPlan plan = new ShardPlan(SMALL, DType.Q8_0, 8);
    assertEquals(new Range(64 * 3, 64 * 4), plan.part(Axis.QUERY, 3));
    assertEquals(new Range(32, 64), plan.part(Axis.KEY, 3));
    List<Integer> heads = IntStream.range(0, 8).mapToObj(plan::kvHeads).map(Range::from).toList();
    assertEquals(List.of(0, 0, 1, 1, 2, 2, 3, 3), heads);
  }

  /// Every query head finds the kv head that it reads on its rank, where `AttentionBlock` looks.
  @Test
  void shouldPutQueryHeadsWhereTheirKvHeadIs() {
    for (String shape : Shapes.names()) {
      ModelSpec spec = Shapes.spec(shape, DType.Q4_0);
      for (int nodes : ShardPlan.usableWorldSizes(spec, DType.Q8_0)) {
        ShardPlan plan = new ShardPlan(spec, DType.Q8_0, nodes);
        for (int layer = 0; layer < spec.layers(); layer++) {
          checkHeads(plan, layer, "%s, layer %d on %d nodes".formatted(shape, layer, nodes));
        }
      }
    }
  }

  private static void checkHeads(ShardPlan plan, int layer, String what) {
    ModelSpec spec = plan.spec();
    LayerAttention attention = spec.attention(layer);
    int next = 0;
    for (int rank = 0; rank < plan.worldSize(); rank++) {
      Range rows = plan.part(Axis.QUERY, rank, layer);
      Range kv = plan.kvHeads(rank, layer);
      int heads = rows.size() / attention.headDim();
      for (int head = 0; head < heads; head++, next++) {
        int read = next / (spec.heads() / attention.kvHeads());
        assertEquals(read, kv.from() + head / (heads / kv.size()), what + ", head " + next);
      }
    }
    assertEquals(spec.heads(), next);
  }

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          llama3.2-1b, 1 2 4 8 16 32
          llama3.2-3b, 1 2 4 8
          llama3-70b, 1 2 4 8 16 32 64
          qwen2.5-0.5b, 1 2
          qwen3-30b-a3b, 1 2 4 8 16
          gemma3-1b, 1 2 4
          gpt-oss-20b, 1 2 4 8 16 32 64
          grok-1, 1 2 4 8 16
          qwen3.5-4b, 1 2 4 8 16
          qwen3-next-80b-a3b, 1 2 4 8 16
          """)
  void shouldAllowAsManyNodesAsHeadsAndColumnsDivideOver(String shape, String sizes) {
    ModelSpec spec = Shapes.spec(shape, DType.Q4_0);
    for (DType exchange : List.of(DType.F32, DType.Q8_0)) {
      String usable =
          ShardPlan.usableWorldSizes(spec, exchange).stream()
              .map(String::valueOf)
              .collect(Collectors.joining(" "));
      assertEquals(sizes, usable);
    }
  }

  @Test
  void shouldRefuseKvHeadsThatSomeWouldHaveMoreOf() {
    ModelSpec six = Specs.of(DType.F32, 64, 256, 24, 6, 32, 300);
    assertEquals(
        "kvHeads=6 can not be shared evenly by 4 nodes",
        ShardPlan.objection(six, DType.F32, 4).orElseThrow());
    assertEquals(List.of(1, 2), ShardPlan.usableWorldSizes(six, DType.F32));
  }

  @Test
  void shouldCutTheSameLeavesForAnyNumberOfNodesWithF32Exchange() {
    ShardPlan most = new ShardPlan(SMALL, DType.F32, 16);
    for (int nodes : new int[] {1, 2, 4, 8, 16}) {
      ShardPlan plan = new ShardPlan(SMALL, DType.F32, nodes);
      for (Axis axis : new Axis[] {Axis.QUERY, Axis.FFN}) {
        List<Range> leaves = new ArrayList<>();
        for (int rank = 0; rank < nodes; rank++) {
          leaves.addAll(plan.columns(axis, rank));
        }
        assertEquals(IntStream.range(0, 16).mapToObj(r -> most.part(axis, r)).toList(), leaves);
      }
      assertEquals(List.of(new Range(0, 64)), plan.columns(Axis.DIM, 0));
    }
  }

  /// Even where a lone rank's partial is not rounded: it is asked for the numbers of that program.
  @Test
  void shouldNotCutLeavesWithQ8_0Exchange() {
    for (Architecture architecture : Specs.ARCHITECTURES) {
      ShardPlan plan = new ShardPlan(Specs.small(DType.Q4_0, architecture), DType.Q8_0, 1);
      assertEquals(List.of(plan.part(Axis.FFN, 0)), plan.columns(Axis.FFN, 0));
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "4", "8", "16"})
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
          3, nodes=3 is not a power of two; usable node counts: 1, 2, 4, 8, 16
          0, nodes=0 is not a power of two; usable node counts: 1, 2, 4, 8, 16
          -2147483648, nodes=-2147483648 is not a power of two; usable node counts: 1, 2, 4, 8, 16
          32, nodes=32 is more than the model's heads=16; usable node counts: 1, 2, 4, 8, 16
          """,
      delimiterString = ", n",
      useHeadersInDisplayName = false)
  void shouldSayWhyACountIsNotUsable(int worldSize, String message) {
    var e = assertThrows(UserException.class, () -> new ShardPlan(SMALL, DType.Q8_0, worldSize));
    assertEquals("n" + message, e.getMessage());
  }

  @Test
  void shouldKeepBlocksOfQuantizedColumnsWhole() {
    ModelSpec odd = Specs.of(DType.Q4_0, 96, 192, 6, 2, 16, 300);
    assertEquals(List.of(1), ShardPlan.usableWorldSizes(odd, DType.Q8_0));
    assertEquals(
        "heads * headDim=96 does not divide over 2 nodes in parts of whole blocks of 32",
        ShardPlan.objection(odd, DType.Q8_0, 2).orElseThrow());
    ModelSpec oddF32 = Specs.of(DType.F32, 96, 192, 6, 2, 16, 300);
    assertEquals(List.of(1, 2), ShardPlan.usableWorldSizes(oddF32, DType.F32));
  }

  /// 90 blocks of 32, as in gpt-oss, over ranks that are leaves and ranks that have several.
  @Test
  void shouldCutFeedForwardRowsAtWholeBlocks() {
    ModelSpec uneven = Specs.of(DType.Q8_0, 64, 2880, 16, 8, 32, 300);
    for (DType exchange : List.of(DType.Q8_0, DType.F32)) {
      assertEquals(List.of(1, 2, 4, 8, 16), ShardPlan.usableWorldSizes(uneven, exchange));
      ShardPlan four = new ShardPlan(uneven, exchange, 4);
      List<Range> parts =
          IntStream.range(0, 4).mapToObj(rank -> four.part(Axis.FFN, rank)).toList();
      assertEquals(
          List.of(
              new Range(0, 704),
              new Range(704, 1440),
              new Range(1440, 2144),
              new Range(2144, 2880)),
          parts);
      for (int rank = 0; rank < 4; rank++) {
        List<Range> leaves = four.columns(Axis.FFN, rank);
        assertEquals(exchange == DType.F32 ? 4 : 1, leaves.size());
        int next = parts.get(rank).from();
        for (Range leaf : leaves) {
          assertEquals(next, leaf.from());
          assertEquals(0, leaf.size() % 32);
          next = leaf.to();
        }
        assertEquals(parts.get(rank).to(), next);
      }
    }
    ModelSpec narrow = Specs.of(DType.Q8_0, 64, 64, 16, 8, 32, 300);
    assertEquals(
        "blocks of ffnDim=2 is less than 4 nodes",
        ShardPlan.objection(narrow, DType.Q8_0, 4).orElseThrow());
  }

  @Test
  void shouldAskForF32ExchangeWhereQ8_0HasNoWholeBlocks() {
    ModelSpec narrow = Specs.of(DType.F32, 40, 64, 8, 8, 16, 300);
    assertEquals(List.of(), ShardPlan.usableWorldSizes(narrow, DType.Q8_0));
    var e = assertThrows(UserException.class, () -> new ShardPlan(narrow, DType.Q8_0, 1));
    assertEquals(
        "dim=40 is not a multiple of 32, as q80 exchange needs (use f32); usable node counts: none",
        e.getMessage());
  }
}
