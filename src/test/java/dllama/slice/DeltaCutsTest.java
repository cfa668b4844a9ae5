package dllama.slice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.engine.Specs;
import dllama.model.Architecture;
import dllama.model.DeltaNet;
import dllama.model.ModelSpec;
import dllama.model.Range;
import dllama.model.Shapes;
import dllama.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeltaCutsTest {
  private static ShardPlan plan(String shape, int nodes) {
    return new ShardPlan(Shapes.spec(shape, DType.Q4_0), DType.F32, nodes);
  }

  /// The second head of each key head is far behind the first.
  @Test
  void shouldTakeWholeKeyHeads() {
    DeltaCuts cuts = plan("qwen3.5-4b", 4).deltaCuts(1);
    assertEquals(List.of(new Range(4, 8)), cuts.keyHeads());
    assertEquals(List.of(new Range(4, 8), new Range(20, 24)), cuts.valueHeads());
    assertEquals(List.of(4, 5, 6, 7, 20, 21, 22, 23), cuts.rowOrder());
    assertEquals(List.of(4, 20, 5, 21, 6, 22, 7, 23), cuts.columnOrder());
    assertEquals(List.of(0, 1, 2, 3, 0, 1, 2, 3), cuts.keyHeadsOfRows());
    assertEquals(
        List.of(
            new Range(4, 8),
            new Range(16 + 4, 16 + 8),
            new Range(32 + 4, 32 + 8),
            new Range(32 + 20, 32 + 24)),
        cuts.channels().stream().map(DeltaCutsTest::heads).toList());
  }

  private static Range heads(Range rows) {
    assertEquals(0, rows.from() % 128 + rows.to() % 128);
    return new Range(rows.from() / 128, rows.to() / 128);
  }

  @Test
  void shouldTakeHeadsThatStandTogether() {
    DeltaCuts cuts = plan("qwen3-next-80b-a3b", 4).deltaCuts(1);
    assertEquals(List.of(new Range(4, 8)), cuts.keyHeads());
    assertEquals(List.of(new Range(8, 16)), cuts.valueHeads());
    assertEquals(List.of(0, 0, 1, 1, 2, 2, 3, 3), cuts.keyHeadsOfRows());
    assertEquals(cuts.rowOrder(), cuts.columnOrder());
  }

  /// Whatever the shares, every head is one rank's, and leaves are those of one node.
  @ParameterizedTest
  @ValueSource(strings = {"qwen35", "qwen3next"})
  void shouldGiveEveryHeadToOneRank(String architecture) {
    ModelSpec spec = Specs.small(DType.F32, Architecture.named(architecture));
    for (DType exchange : List.of(DType.F32, DType.Q8_0)) {
      for (List<Integer> parts :
          List.of(
              List.of(1, 1),
              List.of(1, 1, 1, 1),
              IntStream.range(0, 16).mapToObj(_ -> 1).toList(),
              List.of(3, 1),
              List.of(1, 2, 1, 2))) {
        ShardPlan plan = new ShardPlan(spec, exchange, new Shares(parts));
        List<Integer> heads = new ArrayList<>();
        List<List<Range>> leaves = new ArrayList<>();
        for (int rank = 0; rank < plan.worldSize(); rank++) {
          DeltaCuts cuts = plan.deltaCuts(rank);
          heads.addAll(cuts.rowOrder());
          leaves.addAll(cuts.leaves());
          assertEquals(cuts.rowOrder(), cuts.columnOrder().stream().sorted().toList());
          assertTrue(cuts.keyHeadCount() <= Math.max(1, 8 / plan.worldSize() + 4), "" + cuts);
        }
        assertEquals(
            IntStream.range(0, 16).boxed().toList(), heads.stream().sorted().toList(), "" + parts);
        if (exchange == DType.F32) {
          assertEquals(new ShardPlan(spec, exchange, 1).deltaCuts(0).leaves(), leaves);
        }
      }
    }
  }

  @Test
  void shouldRefuseHeadsThatDoNotDivide() {
    ModelSpec spec = Specs.small(DType.F32, Architecture.named("qwen35"));
    DeltaNet six = DeltaNet.of(List.of(true, false), 3, 6, 32, 4, 1);
    assertEquals(
        "valueHeads=6 of delta networks do not divide over 4 nodes",
        ShardPlan.objection(spec.with(six), DType.F32, 4).orElseThrow());
  }
}
