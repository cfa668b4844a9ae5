package dllama.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Filters that give numbers, or take them.
final class NumberFilters {
  private NumberFilters() {}

  static void addTo(Map<String, Filter> filters) {
    filters.put("abs", NumberFilters::abs);
    filters.put("round", NumberFilters::round);
    filters.put("int", NumberFilters::toInteger);
    filters.put("float", NumberFilters::toReal);
    filters.put("sum", NumberFilters::sum);
    filters.put("filesizeformat", NumberFilters::fileSize);
  }

  private static Object abs(Object value, Arguments arguments, Context context) {
    arguments.bind("abs", 0);
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (!Arithmetic.isNumber(value)) {
      throw new TemplateException("abs takes a number, not " + Types.name(value));
    }
    return value instanceof Double number
        ? (Object) Math.abs(number)
        : Arithmetic.normal(Arithmetic.integer(value).abs());
  }

  private static Object round(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("round", 0, "precision", "method");
    int precision = given[0] == null ? 0 : Arithmetic.size(given[0]);
    String method = given[1] == null ? "common" : context.text(given[1]);
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (!Arithmetic.isNumber(value)) {
      throw new TemplateException("round takes a number, not " + Types.name(value));
    }
    if (method.equals("common")) {
      return Arithmetic.round(value, precision);
    }
    double scale = Math.pow(10, precision);
    double scaled = Arithmetic.real(value) * scale;
    return switch (method) {
      case "ceil" -> Math.ceil(scaled) / scale;
      case "floor" -> Math.floor(scaled) / scale;
      default -> throw new TemplateException("round's method is common, ceil or floor");
    };
  }

  private static Object toInteger(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("int", 0, "default", "base");
    Object fallback = given[0] == null ? 0L : given[0];
    int base = given[1] == null ? 10 : Arithmetic.size(given[1]);
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (value instanceof String || value instanceof Markup) {
      String text = Blanks.strip(context.text(value));
      BigInteger number = integer(text, base, context);
      if (number != null) {
        return Arithmetic.normal(number);
      }
      Double real = real(text);
      return real == null || !Double.isFinite(real) ? fallback : truncated(real);
    }
    if (value instanceof Double number) {
      return Double.isFinite(number) ? truncated(number) : fallback;
    }
    return Arithmetic.isNumber(value) ? Arithmetic.normal(Arithmetic.integer(value)) : fallback;
  }

  private static Object truncated(double number) {
    return Arithmetic.normal(new BigDecimal(number).toBigInteger());
  }

  private static @Nullable BigInteger integer(String text, int base, Context context) {
    boolean signed = text.startsWith("-") || text.startsWith("+");
    String digits = signed ? text.substring(1) : text;
    int radix = base;
    String prefix =
        digits.length() > 2 ? digits.substring(0, 2).toLowerCase(java.util.Locale.ROOT) : "";
    int named =
        switch (prefix) {
          case "0x" -> 16;
          case "0o" -> 8;
          case "0b" -> 2;
          default -> 10;
        };
    if (named != 10 && (base == named || base == 0)) {
      digits = digits.substring(2);
      radix = named;
    } else if (base == 0) {
      radix = 10;
    }
    boolean underscores = digits.startsWith("_") || digits.endsWith("_") || digits.contains("__");
    String plain = digits.replace("_", "");
    int known = radix;
    if (radix < 2
        || radix > 36
        || plain.isEmpty()
        || underscores
        || !plain.chars().allMatch(c -> Character.digit(c, known) >= 0)) {
      return null;
    }
    context.budget.integer(4L * plain.length());
    BigInteger number = new BigInteger(plain, radix);
    return text.startsWith("-") ? number.negate() : number;
  }

  /// A float as Python reads it; null for what is none.
  private static @Nullable Double real(String given) {
    String text = Blanks.strip(given).toLowerCase(java.util.Locale.ROOT);
    String size = text.startsWith("-") || text.startsWith("+") ? text.substring(1) : text;
    double sign = text.startsWith("-") ? -1 : 1;
    if (size.equals("inf") || size.equals("infinity")) {
      return sign * Double.POSITIVE_INFINITY;
    }
    if (size.equals("nan")) {
      return Double.NaN;
    }
    if (size.isEmpty() || !size.chars().allMatch(c -> "0123456789.e+-_".indexOf(c) >= 0)) {
      return null;
    }
    try {
      return sign * Double.parseDouble(size.replace("_", ""));
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private static Object toReal(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("float", 0, "default");
    Object fallback = given[0] == null ? 0.0 : given[0];
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (value instanceof String || value instanceof Markup) {
      Double real = real(context.text(value));
      return real == null ? fallback : real;
    }
    return Arithmetic.isNumber(value) ? (Object) Arithmetic.real(value) : fallback;
  }

  private static Object sum(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("sum", 0, "attribute", "start");
    Object sum = given[1] == null ? 0L : given[1];
    KeyPath path = KeyPath.of(given[0]);
    Iterator<Object> items = Iteration.of(value, context);
    while (items.hasNext()) {
      context.budget.step();
      sum = Arithmetic.apply("+", sum, path.get(items.next(), context), context);
    }
    return sum;
  }

  private static String fileSize(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("filesizeformat", 0, "binary");
    boolean binary = given[0] != null && Types.truth(given[0]);
    Object number = toReal(value, new Arguments(List.of(None.NONE), Map.of()), context);
    if (number == None.NONE) {
      throw new TemplateException("filesizeformat takes a number");
    }
    double bytes = Arithmetic.real(number);
    int base = binary ? 1024 : 1000;
    if (bytes == 1) {
      return "1 Byte";
    }
    if (bytes < base) {
      return Arithmetic.normal(new BigDecimal(bytes).toBigInteger()) + " Bytes";
    }
    String[] units = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
    double unit = base;
    int i = 0;
    while (bytes >= unit * base && i < units.length - 1) {
      unit *= base;
      i++;
    }
    String name = binary ? (i == 0 ? "K" : units[i]) + "iB" : units[i] + "B";
    return RealText.of(bytes / unit, 'f', 1, false, context) + " " + name;
  }
}
