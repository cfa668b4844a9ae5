package dllama.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DecimalTest {
  private static final String BYTES = "0123456789.-";

  /// All texts of up to six bytes, against plain arithmetic.
  @Test
  void shouldTakeJustTheNumbersThatAreAllowed() {
    Random random = new Random(3);
    for (int i = 0; i < 150; i++) {
      int scale = random.nextInt(3);
      long min = random.nextInt(-2000, 2000);
      long max = min + random.nextInt(random.nextBoolean() ? 30 : 3000);
      long step = random.nextBoolean() ? 1 : 1 + random.nextInt(60);
      Decimal decimal = new Decimal(min, max, step, scale);
      String what = "min=%d max=%d step=%d scale=%d".formatted(min, max, step, scale);
      long allowed = 0;
      for (long n = Math.ceilDiv(min, step) * step; n <= max; n += step) {
        allowed++;
        String text = BigDecimal.valueOf(n, scale).toPlainString();
        assertTrue(decimal.matches(text.getBytes(StandardCharsets.US_ASCII)), what + ": " + text);
      }
      assertEquals(allowed == 0, decimal.isEmpty(), what);
      check(decimal, decimal.start(), new StringBuilder(), what, min, max, step, scale);
    }
  }

  private static boolean check(
      Decimal decimal,
      long state,
      StringBuilder text,
      String what,
      long min,
      long max,
      long step,
      int scale) {
    boolean ends = decimal.accepts(state);
    if (ends) {
      BigDecimal value = new BigDecimal(text.toString());
      long units = value.movePointRight(scale).longValueExact();
      assertTrue(units >= min && units <= max && units % step == 0, what + ": " + text);
      assertTrue(!text.toString().matches("-0(\\.0*)?|-?0\\d.*|.*\\."), what + ": " + text);
    }
    boolean continues = false;
    for (int i = 0; i < BYTES.length() && !decimal.isEmpty(); i++) {
      long next = decimal.next(state, (byte) BYTES.charAt(i));
      if (next != Terminal.NONE) {
        continues = true;
        text.append(BYTES.charAt(i));
        assertTrue(
            check(decimal, next, text, what, min, max, step, scale), what + " dead end: " + text);
        text.setLength(text.length() - 1);
      }
    }
    assertEquals(continues, !decimal.isEmpty() && decimal.continues(state), what + ": " + text);
    return ends || continues;
  }

  @Test
  void shouldHoldTheLargestNumbers() {
    Decimal all = new Decimal(-Decimal.MOST, Decimal.MOST, 1, 0);
    assertTrue(all.matches("99999999999999999".getBytes(StandardCharsets.US_ASCII)));
    assertTrue(all.matches("-99999999999999999".getBytes(StandardCharsets.US_ASCII)));
    assertEquals(false, all.matches("100000000000000000".getBytes(StandardCharsets.US_ASCII)));
    Decimal fine = new Decimal(0, 999_999_999_999_999L, 1, 15);
    assertTrue(fine.matches("0.999999999999999".getBytes(StandardCharsets.US_ASCII)));
    assertEquals(false, fine.matches("1".getBytes(StandardCharsets.US_ASCII)));
  }
}
