package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.cluster.rank.CollectiveRule;
import dllama.model.ModelSpec;
import dllama.model.Shapes;
import dllama.settings.CollectiveType;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import org.junit.jupiter.api.Test;

class CollectiveChoiceTest {
  private static final ModelSpec LLAMA = Shapes.spec("llama3.2-1b", DType.Q40);
  private static final long DIRECT = 1_000;

  @Test
  void shouldBeginWithWhatBytesSay() {
    assertFalse(first(DType.Q80, 2, 1));
    assertFalse(first(DType.Q80, 4, 1));
    assertFalse(first(DType.Q80, 4, 32), "four nodes would move more bytes");
    assertTrue(first(DType.Q80, 8, 1));
    assertTrue(first(DType.Q80, 8, 32));
    assertFalse(first(DType.F32, 2, 32), "two nodes would move as many bytes");
    assertTrue(first(DType.F32, 4, 32));
  }

  private static boolean first(DType exchange, int nodes, int tokens) {
    return auto(exchange, nodes).begin(tokens);
  }

  @Test
  void shouldComeToWhatTakesLessTime() {
    for (int nodes : new int[] {4, 8}) {
      CollectiveChoice choice = auto(DType.F32, nodes);
      assertTrue(scattered(choice, 2_000, 2 * DIRECT) < 100, "direct is quicker");
      assertTrue(scattered(choice, 9_000, DIRECT / 2) > 4_000, "reduce-scatter is, now");
    }
  }

  /// How many of `steps` steps were scattered, if those take so long.
  private static int scattered(CollectiveChoice choice, int steps, long nanos) {
    int count = 0;
    for (int step = 0; step < steps; step++) {
      boolean scatters = choice.begin(1);
      choice.end(scatters ? nanos : DIRECT);
      count += scatters ? 1 : 0;
    }
    return count;
  }

  /// The quicker one is in use at first, so all that is lost is lost by comparing.
  @Test
  void shouldSpendLittleOnComparing() {
    CollectiveChoice choice = auto(DType.Q80, 8);
    int direct = 5_000 - scattered(choice, 5_000, 800);
    assertTrue(direct >= CollectiveChoice.TURNS && direct < 50, "steps lost: " + direct);
  }

  @Test
  void shouldNotChangeForNoReason() {
    CollectiveChoice choice = auto(DType.Q80, 8);
    assertTrue(scattered(choice, 5_000, DIRECT) > 4_950);
  }

  @Test
  void shouldCompareNothingWhereBytesLeaveNoDoubt() {
    for (int tokens : new int[] {1, 32}) {
      CollectiveChoice choice = auto(DType.Q80, tokens == 1 ? 4 : 8);
      boolean expected = tokens == 32;
      for (int step = 0; step < 1_000; step++) {
        assertEquals(expected, choice.begin(tokens));
        choice.end(expected ? 2 * DIRECT : DIRECT);
      }
    }
  }

  @Test
  void shouldDoWhatTheUserSays() {
    for (CollectiveType type : CollectiveType.values()) {
      if (type != CollectiveType.AUTO) {
        CollectiveChoice choice = choice(DType.Q80, 8, type);
        boolean scatters = type != CollectiveType.DIRECT;
        assertEquals(scatters ? 1_000 : 0, scattered(choice, 1_000, scatters ? 9_000 : 1));
      }
    }
  }

  private static CollectiveChoice auto(DType exchange, int nodes) {
    return choice(exchange, nodes, CollectiveType.AUTO);
  }

  private static CollectiveChoice choice(DType exchange, int nodes, CollectiveType type) {
    return new CollectiveChoice(new CollectiveRule(new ShardPlan(LLAMA, exchange, nodes), type));
  }
}
