package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// A run of `scripts/chaos` of as many minutes as `-Dchaos.minutes=3` says: nodes are killed,
/// frozen and cut off while clients ask, and nothing is lost. Where network namespaces are not
/// allowed it says so, and does without cables.
@EnabledIfSystemProperty(
    named = "chaos.minutes",
    matches = ".+",
    disabledReason = "-Dchaos.minutes=3 has it run, for five minutes in all")
@Tag("by-the-clock")
class ChaosIT {
  private static final String MINUTES = System.getProperty("chaos.minutes", "1");
  private static final String SEED = System.getProperty("chaos.seed", "1");

  /// Starting and healing take longer than the faults.
  private static final Duration MORE = Duration.ofMinutes(12);

  @Test
  void shouldLoseNothing() {
    try (NodeProcess chaos =
        NodeProcess.command(List.of("scripts/chaos"), List.of(MINUTES, SEED), List.of())) {
      long minutes = (long) Math.ceil(Double.parseDouble(MINUTES));
      assertEquals(0, chaos.exit(MORE.plusMinutes(minutes)), chaos::toString);
      assertTrue(chaos.out().contains("nothing was lost"), chaos::toString);
    }
  }
}
