package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ExtrapolationTest {
  private final Extrapolation extrapolation = new Extrapolation(4, 8, 32);

  /// 5 ms for each layer and 10 ms for the rest.
  private final BenchRow row = extrapolation.of(row(4, 30), row(8, 50), 40L << 30);

  private static BenchRow row(int layers, double ms) {
    return new BenchRow(
        "llama3-8b",
        "q40",
        layers,
        layers,
        2,
        4,
        1000L * layers,
        1L << 30,
        new Timing.Prefill(17, 10 * ms, 1),
        new Timing.Decode(10, 10 * ms, ms, 1),
        new Timing.Sync(layers / 10.0, 1024L * layers, 2048L * layers + 512));
  }

  @Test
  void shouldTellTheLayersFromTheRest() {
    assertEquals(170, row.decode().medianMsPerToken());
    assertEquals(1700, row.decode().ms());
    assertEquals(5.882, row.decode().tokensPerSecond());
    assertEquals(10, row.prefill().tokensPerSecond());
    assertEquals(3.2, row.sync().medianMsPerToken());
    assertEquals(32 * 1024, row.sync().sentBytesPerToken());
    assertEquals(32 * 2048 + 512, row.sync().receivedBytesPerToken());
    assertEquals(40L << 30, row.nodeBytes());
    assertEquals(32_000, row.loadMs());
  }

  @Test
  void shouldKeepWithinReasonDespiteNoise() {
    assertEquals(50, extrapolation.of(51, 50));
    assertEquals(200, extrapolation.of(1, 50));
  }

  @Test
  void shouldNeedTwoLayerCounts() {
    assertThrows(IllegalArgumentException.class, () -> new Extrapolation(1, 1, 32));
  }

  @Test
  void shouldSaySoInTheTable() {
    String markdown = BenchTable.markdown(List.of(row));
    assertTrue(markdown.contains("| 8 of 32, extrapolated | 2 | 4 | 40.00 |"), markdown);
    String csv = BenchTable.csv(List.of(row, row(8, 50)));
    assertTrue(csv.contains(",\"8 of 32, extrapolated\",2,4,40.00,"), csv);
    assertTrue(csv.contains(",8,2,4,1.00,17,"), csv);
    long columns = csv.lines().findFirst().orElseThrow().split(",").length;
    assertEquals(columns + 1, markdown.lines().findFirst().orElseThrow().split("\\|").length);
  }
}
