package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  @Test
  void shouldRedrawOnATerminalOnly() {
    form(progress(true));
    assertTrue(text().contains("\u001b[1A\u001b[J2 of 4 nodes"), text());
    bytes.reset();
    form(progress(false));
    assertFalse(text().contains("\u001b"), text());
    assertEquals("1 of 4 nodes\n2 of 4 nodes\n4 nodes ready, loaded in 1.5 s\n", text());
  }

  @Test
  void shouldTellWhichSlicesNeedNotBeSent() {
    Progress progress = progress(false);
    progress.ready(4, 4, 500);
    progress.ready(4, 3, 500);
    assertEquals(
        """
        4 nodes ready, loaded in 0.5 s from the cache
        4 nodes ready, loaded in 0.5 s, 3 of 4 slices from the cache
        """,
        text());
  }

  @Test
  void shouldShowBytesRateAndTimeLeft() {
    Progress progress = progress(true);
    progress.forming(2);
    progress.loading(1, "10.0.0.2:9000", 512 << 20, 2048L << 20);
    assertTrue(
        text()
            .matches(
                "(?s)rank 1  10.0.0.2:9000 \\[#####  .*\\]  25 %  512.0 MB of 2.00 GB, .*/s, .* left\n"),
        text());
  }

  @Test
  void shouldTellALossOnce() {
    Progress progress = progress(false);
    form(progress);
    progress.lost("the worker at 10.0.0.2 is gone");
    progress.lost("the worker at 10.0.0.2 is gone");
    assertEquals(1, text().split("is gone", -1).length - 1, text());
  }

  private void form(Progress progress) {
    progress.waiting("1 of 4 nodes");
    progress.waiting("2 of 4 nodes");
    progress.forming(4);
    progress.ready(4, 0, 1500);
  }

  private Progress progress(boolean terminal) {
    PrintStream err = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    return new Progress(new StatusLines(err, terminal), true, true);
  }

  private String text() {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
