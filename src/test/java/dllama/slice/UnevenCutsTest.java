package dllama.slice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.engine.Specs;
import dllama.error.UserException;
import dllama.model.ModelSpec;
import dllama.model.Range;
import dllama.model.Shapes;
import dllama.model.TensorRole.Axis;
import dllama.settings.SharesSetting;
import dllama.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnevenCutsTest {
  private static final ModelSpec LLAMA = Shapes.spec("llama3.2-1b", DType.Q4_0);

  @Test
  void shouldCutHeadsBetweenKvHeadsAndMakeUpForItWithColumns() {
    ShardPlan plan = new ShardPlan(LLAMA, DType.Q8_0, shares("2:1"));
    assertEquals(List.of(new Range(0, 5), new Range(5, 8)), both(plan, Axis.KEY, 64));
    assertEquals(List.of(new Range(0, 20), new Range(20, 32)), both(plan, Axis.QUERY, 64));
    // 5 of 8 kv heads are less than two thirds, so 173 of 256 blocks are more
    assertEquals(List.of(new Range(0, 173), new Range(173, 256)), both(plan, Axis.FFN, 32));
    assertEquals(new Range(0, 85504), plan.vocabulary(0));
  }

  private static List<Range> both(ShardPlan plan, Axis axis, int unit) {
    return IntStream.range(0, plan.worldSize())
        .mapToObj(rank -> plan.part(axis, rank))
        .map(part -> new Range(part.from() / unit, part.to() / unit))
        .toList();
  }

  @Test
  void shouldCutBothWhereHeadsAreWithF32Exchange() {
    ShardPlan plan = new ShardPlan(LLAMA, DType.F32, shares("2:1"));
    assertEquals(List.of(new Range(0, 5), new Range(5, 8)), both(plan, Axis.FFN, 1024));
    assertEquals(new Range(0, 20), plan.leaves(0));
    assertEquals(List.of(new Range(0, 16), new Range(16, 20)), plan.branches(0));
    assertEquals(List.of(new Range(20, 24), new Range(24, 32)), plan.branches(1));
    assertEquals(2, plan.mostBranches());
  }

  /// The root makes steps so small that partials of as many branches fit into a frame.
  @Test
  void shouldKnowHowManyBranchesThereCanBe() {
    assertEquals(4, ShardPlan.mostBranches(LLAMA, DType.F32));
    assertEquals(4, new ShardPlan(LLAMA, DType.F32, shares("1:6:1")).mostBranches());
    assertEquals(1, ShardPlan.mostBranches(LLAMA, DType.Q8_0));
  }

  @Test
  void shouldTakeEqualPowersOfTwoAsEver() {
    for (DType exchange : List.of(DType.F32, DType.Q8_0)) {
      ShardPlan even = new ShardPlan(LLAMA, exchange, 16);
      ShardPlan same = new ShardPlan(LLAMA, exchange, new Shares(List.of(7, 7, 7, 7)));
      assertEquals(new ShardPlan(LLAMA, exchange, 4), same);
      assertEquals(1, even.mostBranches());
      assertEquals(new Range(3, 4), even.kvHeads(7)); // two ranks share a kv head
    }
  }

  /// Whatever the shares: everything belongs to one rank, leaves and blocks are whole, everybody
  /// has something.
  @Test
  void shouldGiveEverythingToOneRankEach() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 400; round++) {
      List<String> names = List.copyOf(Shapes.names());
      ModelSpec spec = Shapes.spec(names.get(random.nextInt(names.size())), DType.Q4_0);
      DType exchange = random.nextBoolean() ? DType.F32 : DType.Q8_0;
      List<Integer> parts = random.ints(1 + random.nextInt(8), 1, 60).boxed().toList();
      Shares shares = new Shares(parts);
      String what = "seed %d, %s, %s, %s".formatted(seed, spec, exchange, shares);
      if (ShardPlan.objection(spec, exchange, shares).isPresent()) {
        assertTrue(shares.ranks() > Math.min(2, spec.kvHeads()), what);
        continue;
      }
      ShardPlan plan = new ShardPlan(spec, exchange, shares);
      for (Axis axis : List.of(Axis.QUERY, Axis.KEY, Axis.FFN, Axis.VOCABULARY)) {
        int next = 0;
        for (int rank = 0; rank < shares.ranks(); rank++) {
          Range part = plan.part(axis, rank);
          boolean shared = axis == Axis.KEY && part.from() < next;
          assertTrue(shared || part.from() == next, what);
          assertTrue(part.size() > 0, what);
          assertEquals(0, axis == Axis.VOCABULARY ? 0 : part.from() % 32, what);
          next = part.to();
        }
        assertEquals(axis.size(spec), next, what);
      }
      assertCutAtLeaves(plan, what);
      assertTrue(plan.mostBranches() <= ShardPlan.mostBranches(spec, exchange), what);
    }
  }

  private static void assertCutAtLeaves(ShardPlan plan, String what) {
    if (!plan.sumsAsTree()) {
      return;
    }
    List<Range> leaves = new ArrayList<>();
    List<Range> branches = new ArrayList<>();
    for (int rank = 0; rank < plan.worldSize(); rank++) {
      leaves.addAll(plan.columns(Axis.FFN, rank));
      branches.addAll(plan.branches(rank));
    }
    assertEquals(new ShardPlan(plan.spec(), DType.F32, 1).columns(Axis.FFN, 0), leaves, what);
    int next = 0;
    for (Range branch : branches) {
      assertEquals(next, branch.from(), what);
      assertEquals(1, Integer.bitCount(branch.size()), what);
      assertEquals(0, branch.from() % branch.size(), what);
      next = branch.to();
    }
    assertEquals(leaves.size(), next, what);
  }

  @Test
  void shouldNameSlicesByWhatIsInThem() {
    SliceLayout even = new SliceLayout(new ShardPlan(LLAMA, DType.Q8_0, 2), 0);
    SliceLayout uneven = new SliceLayout(new ShardPlan(LLAMA, DType.Q8_0, shares("2:1")), 0);
    assertFalse(even.key("x").equals(uneven.key("x")));
  }

  @Test
  void shouldSayWhatCanNotBe() {
    ModelSpec small = Specs.small(DType.Q4_0); // 4 kv heads
    var e =
        assertThrows(
            UserException.class, () -> new ShardPlan(small, DType.Q8_0, shares("1:1:1:1:1")));
    assertEquals(
        "shares=1:1:1:1:1 are for 5 nodes, and the model's heads can be given to 4 at most",
        e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"0:1", "1:-1", "''", "1::2", "1:x", "2000000:1", "1.5:2"})
  void shouldRefuseWhatIsNoShare(String text) {
    assertThrows(UserException.class, () -> SharesSetting.parse(text));
  }

  @Test
  void shouldKeepSharesInLowestTerms() {
    assertEquals("3:2:1", shares("9:6:3").toString());
    assertEquals(Shares.equal(3), shares("5:5:5"));
    assertThrows(UserException.class, () -> Shares.equal(0));
    assertThrows(UserException.class, () -> Shares.equal(5000));
  }

  private static Shares shares(String text) {
    return new Shares(SharesSetting.parse(text).parts());
  }
}
