package dllama.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// `'%s: %5.2f' % values`
final class PercentFormat {
  private static final String FLAGS = "-+ #0";

  private final String pattern;
  private final List<Object> values;
  private final @Nullable Dict named;
  private final Context context;
  private final Output out;
  private int at;
  private int used;

  // Of the conversion that is being read.
  private String flags = "";
  private long width;
  private int precision;
  private @Nullable Object keyed;

  private PercentFormat(
      String pattern, List<Object> values, @Nullable Dict named, Context context) {
    this.pattern = pattern;
    this.values = values;
    this.named = named;
    this.context = context;
    out = new Output(context.budget);
  }

  static String format(String pattern, Object given, Context context) {
    boolean tuple = given instanceof Sequence list && list.kind == Sequence.Kind.TUPLE;
    PercentFormat format =
        new PercentFormat(
            pattern,
            tuple ? ((Sequence) given).items : List.of(given),
            given instanceof Dict dict ? dict : null,
            context);
    format.run();
    boolean ignorable =
        format.named != null || given instanceof Undefined || (given instanceof Sequence && !tuple);
    if (format.used < format.values.size() && !ignorable) {
      throw new TemplateException("not all arguments converted during string formatting");
    }
    return format.out.toString();
  }

  private void run() {
    while (at < pattern.length()) {
      int percent = pattern.indexOf('%', at);
      if (percent < 0) {
        out.append(pattern.substring(at));
        return;
      }
      out.append(pattern.substring(at, percent));
      at = percent + 1;
      conversion();
    }
  }

  private char take() {
    if (at >= pattern.length()) {
      throw new TemplateException("incomplete format");
    }
    return pattern.charAt(at++);
  }

  private void conversion() {
    keyed = null;
    if (at < pattern.length() && pattern.charAt(at) == '(') {
      key();
    }
    int from = at;
    while (at < pattern.length() && FLAGS.indexOf(pattern.charAt(at)) >= 0) {
      at++;
    }
    flags = pattern.substring(from, at);
    width = number(0);
    if (width < 0) {
      flags += "-";
      width = -width;
    }
    precision = -1;
    if (at < pattern.length() && pattern.charAt(at) == '.') {
      at++;
      precision = Math.clamp(number(0), 0, Integer.MAX_VALUE / 2);
    }
    while (at < pattern.length() && "hlL".indexOf(pattern.charAt(at)) >= 0) {
      at++;
    }
    char type = take();
    if (type == '%') {
      out.append("%");
    } else {
      write(type, keyed != null ? keyed : nextValue());
    }
  }

  private void key() {
    int end = pattern.indexOf(')', at);
    if (end < 0 || named == null) {
      throw new TemplateException(end < 0 ? "incomplete format key" : "format requires a mapping");
    }
    String name = pattern.substring(at + 1, end);
    keyed = named.get(name);
    if (keyed == null) {
      throw new TemplateException("the format's key '%s' is missing".formatted(name));
    }
    at = end + 1;
  }

  private Object nextValue() {
    if (used >= values.size()) {
      throw new TemplateException("not enough arguments for format string");
    }
    return values.get(used++);
  }

  /// Digits, or `*` for the next value.
  private long number(long fallback) {
    if (at < pattern.length() && pattern.charAt(at) == '*') {
      at++;
      return Arithmetic.index(nextValue());
    }
    int from = at;
    while (at < pattern.length() && Character.digit(pattern.charAt(at), 10) >= 0) {
      at++;
    }
    if (at == from) {
      return fallback;
    }
    return at - from > 10 ? Integer.MAX_VALUE : Long.parseLong(pattern.substring(from, at));
  }

  private void write(char type, Object value) {
    switch (type) {
      case 's' -> text(context.text(value));
      case 'r', 'a' -> text(Text.repr(value, context));
      case 'c' -> text(character(value));
      case 'd', 'i', 'u' -> number(integer(value, type, true), 10, "");
      case 'x' -> number(integer(value, type, false), 16, "0x");
      case 'X' -> number(integer(value, type, false), 16, "0X");
      case 'o' -> number(integer(value, type, false), 8, "0o");
      case 'e', 'E', 'f', 'F', 'g', 'G' -> real(type, value);
      default -> throw new TemplateException("unsupported format character '%c'".formatted(type));
    }
  }

  private void text(String text) {
    int length = Types.length(text);
    String shown =
        precision >= 0 && precision < length
            ? text.substring(0, text.offsetByCodePoints(0, precision))
            : text;
    padded("", shown, false);
  }

  private static String character(Object value) {
    if (value instanceof String text && Types.length(text) == 1) {
      return text;
    }
    long code = Arithmetic.isInteger(value) ? Arithmetic.index(value) : -1;
    if (code < 0 || code > Character.MAX_CODE_POINT) {
      throw new TemplateException("the format's c takes a character or its number");
    }
    return Character.toString((int) code);
  }

  private static BigInteger integer(Object value, char type, boolean fromReal) {
    if (value instanceof Double number && fromReal && Double.isFinite(number)) {
      return new BigDecimal(number).toBigInteger();
    }
    if (!Arithmetic.isInteger(value)) {
      throw new TemplateException("%%%c takes a number, not %s".formatted(type, Types.name(value)));
    }
    return Arithmetic.integer(value);
  }

  private void number(BigInteger number, int radix, String prefix) {
    String digits = number.abs().toString(radix);
    context.budget.text(precision);
    String all = "0".repeat(Math.max(0, precision - digits.length())) + digits;
    String shown = prefix.endsWith("X") ? all.toUpperCase(Locale.ROOT) : all;
    padded(sign(number.signum() < 0) + (flags.contains("#") ? prefix : ""), shown, true);
  }

  private void real(char type, Object value) {
    if (!Arithmetic.isNumber(value)) {
      throw new TemplateException("%%%c takes a number, not %s".formatted(type, Types.name(value)));
    }
    double number = Arithmetic.real(value);
    boolean negative = number < 0 || (number == 0 && 1 / number < 0);
    String digits =
        RealText.of(
            Math.abs(number), type, precision < 0 ? 6 : precision, flags.contains("#"), context);
    padded(sign(negative), digits, Double.isFinite(number));
  }

  private String sign(boolean negative) {
    return negative ? "-" : flags.contains("+") ? "+" : flags.contains(" ") ? " " : "";
  }

  private void padded(String front, String text, boolean number) {
    long missing = Math.max(0, width - front.length() - Types.length(text));
    boolean left = flags.contains("-");
    boolean zeros = number && !left && flags.contains("0");
    out.repeat(" ", left || zeros ? 0 : missing).append(front);
    out.repeat("0", zeros ? missing : 0).append(text);
    out.repeat(" ", left ? missing : 0);
  }
}
