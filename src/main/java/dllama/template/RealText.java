package dllama.template;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/// Floats with a given number of digits, as C's and Python's `%f`, `%e` and `%g` write them.
final class RealText {
  private RealText() {}

  /// Without a sign, of a number that has none.
  ///
  /// @param type `f`, `e` or `g`, capitals for capitals
  /// @param alternate keeps a point and trailing zeros
  static String of(double number, char type, int precision, boolean alternate, Context context) {
    context.budget.text(precision + 400L);
    String text;
    if (!Double.isFinite(number)) {
      text = Double.isNaN(number) ? "nan" : "inf";
    } else {
      text =
          switch (Character.toLowerCase(type)) {
            case 'f' -> point(fixed(number, precision), precision, alternate);
            case 'e' -> scientific(number, precision, alternate);
            default -> general(number, precision, alternate);
          };
    }
    return Character.isUpperCase(type) ? text.toUpperCase(Locale.ROOT) : text;
  }

  private static String point(String text, int precision, boolean alternate) {
    return alternate && precision == 0 ? text + "." : text;
  }

  private static String fixed(double number, int precision) {
    return new BigDecimal(number).setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
  }

  private static String scientific(double number, int precision, boolean alternate) {
    BigDecimal rounded =
        new BigDecimal(number).round(new MathContext(precision + 1, RoundingMode.HALF_EVEN));
    String digits = rounded.unscaledValue().toString();
    int exponent = number == 0 ? 0 : digits.length() - 1 - rounded.scale();
    String all = digits + "0".repeat(Math.max(0, precision + 1 - digits.length()));
    String fraction = precision > 0 ? "." + all.substring(1, precision + 1) : alternate ? "." : "";
    return all.charAt(0)
        + fraction
        + "e%s%02d".formatted(exponent < 0 ? "-" : "+", Math.abs(exponent));
  }

  private static String general(double number, int precision, boolean alternate) {
    int digits = Math.max(1, precision);
    String text = scientific(number, digits - 1, alternate);
    int e = text.indexOf('e');
    int exponent = Integer.parseInt(text.substring(e + 1));
    if (exponent >= -4 && exponent < digits) {
      String plain = fixed(number, digits - 1 - exponent);
      return alternate ? plain : trimmed(plain);
    }
    return alternate ? text : trimmed(text.substring(0, e)) + text.substring(e);
  }

  private static String trimmed(String text) {
    if (text.indexOf('.') < 0) {
      return text;
    }
    int end = text.length();
    while (text.charAt(end - 1) == '0') {
      end--;
    }
    return text.substring(0, text.charAt(end - 1) == '.' ? end - 1 : end);
  }
}
