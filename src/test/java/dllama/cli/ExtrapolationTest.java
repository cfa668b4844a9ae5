package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ExtrapolationTest {
  /// 5 ms for each of 8 layers and 10 ms for the rest; 17 tokens of prompt cost twice a step.
  private static final Timing RUN = timing(90, 50);

  private static final Extrapolation.Layers LAYERS =
      new Extrapolation.Layers(40, 0.8, 1024 * 8, 2048 * 8);

  private final Timing all = new Extrapolation(8, 32).of(RUN, LAYERS);

  private static Timing timing(double prefillMs, double stepMs) {
    return new Timing(
        new Timing.Prefill(17, prefillMs, 1),
        new Timing.Decode(10, 10 * stepMs, stepMs, 1),
        new Timing.Sync(1, 1024 * 8 + 300, 2048 * 8 + 512));
  }

  @Test
  void shouldTellTheLayersFromTheRest() {
    assertEquals(170, all.decode().medianMsPerToken());
    assertEquals(1700, all.decode().ms());
    assertEquals(5.882, all.decode().tokensPerSecond());
    assertEquals(10 + 4 * 80, all.prefill().ms());
    assertEquals(51.515, all.prefill().tokensPerSecond());
    assertEquals(3.4, all.sync().medianMsPerToken(), 1e-9);
    assertEquals(32 * 1024 + 300, all.sync().sentBytesPerToken());
    assertEquals(32 * 2048 + 512, all.sync().receivedBytesPerToken());
  }

  @Test
  void shouldTellWhatWasMeasuredWhereThereIsNothingMore() {
    Timing same = new Extrapolation(8, 8).of(RUN, LAYERS);
    assertEquals(50, same.decode().medianMsPerToken());
    assertEquals(RUN.sync(), same.sync());
  }

  @Test
  void shouldKeepWithinReasonDespiteNoise() {
    Timing noisy = new Extrapolation(8, 32).of(timing(30, 39), LAYERS);
    assertEquals(39 + 3 * 40, noisy.decode().medianMsPerToken());
    assertEquals(4 * 30, noisy.prefill().ms());
  }

  @Test
  void shouldNeedALayer() {
    assertThrows(IllegalArgumentException.class, () -> new Extrapolation(0, 32));
    assertThrows(IllegalArgumentException.class, () -> new Extrapolation(33, 32));
  }

  @Test
  void shouldSaySoInTheTable() {
    String markdown = BenchTable.markdown(List.of(row(32)));
    assertTrue(markdown.contains("| 8 of 32, extrapolated | 2 | 4 | 40.00 |"), markdown);
    String csv = BenchTable.csv(List.of(row(32), row(8)));
    assertTrue(csv.contains(",\"8 of 32, extrapolated\",2,4,40.00,"), csv);
    assertTrue(csv.contains(",8,2,4,40.00,17,"), csv);
    long columns = csv.lines().findFirst().orElseThrow().split(",").length;
    String header = markdown.lines().skip(2).findFirst().orElseThrow();
    assertEquals(columns, header.split("\\|").length, "the machine is a line of its own there");
  }

  @Test
  void shouldSayWhatComputed() {
    String markdown = BenchTable.markdown(List.of(row(32)));
    assertTrue(
        markdown.startsWith("Some CPU @ 3 GHz, 256 bit, decode 1, prefill 2\n\n| model |"),
        markdown);
    String csv = BenchTable.csv(List.of(row(8)));
    assertTrue(csv.lines().findFirst().orElseThrow().endsWith(",machine"), csv);
    assertTrue(csv.endsWith(",Some CPU @ 3 GHz; 256 bit; decode 1; prefill 2\n"), csv);
  }

  private BenchRow row(int layers) {
    return new BenchRow(
        "llama3-8b",
        "q40",
        layers,
        8,
        2,
        4,
        1000,
        40L << 30,
        all.prefill(),
        all.decode(),
        all.sync(),
        null,
        null,
        new BenchRow.Machine("Some CPU @ 3 GHz", 256, List.of("decode 1", "prefill 2")));
  }
}
