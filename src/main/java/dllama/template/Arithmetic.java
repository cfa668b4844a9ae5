package dllama.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Operators between values, as in Python: integers never overflow, True is 1.
final class Arithmetic {
  private Arithmetic() {}

  /// Long where it fits.
  static Object normal(BigInteger number) {
    return number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
  }

  static boolean isNumber(Object value) {
    return value instanceof Long
        || value instanceof Double
        || value instanceof BigInteger
        || value instanceof Boolean;
  }

  static boolean isInteger(Object value) {
    return isNumber(value) && !(value instanceof Double);
  }

  static BigInteger integer(Object value) {
    return switch (value) {
      case Long number -> BigInteger.valueOf(number);
      case BigInteger number -> number;
      case Boolean b -> b ? BigInteger.ONE : BigInteger.ZERO;
      default -> throw new TemplateException("an integer was expected, not " + Types.name(value));
    };
  }

  static double real(Object value) {
    if (value instanceof Double number) {
      return number;
    }
    double real = integer(value).doubleValue();
    if (Double.isInfinite(real)) {
      throw new TemplateException("int too large to convert to float");
    }
    return real;
  }

  /// An integer as the size of something; far too large ones are the largest.
  static int size(Object value) {
    long size = index(value);
    return Math.clamp(size, Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /// An integer as a place in something; far too large ones are the largest.
  static long index(Object value) {
    if (value instanceof Long number) {
      return number;
    }
    BigInteger number = integer(value);
    return number.bitLength() < Long.SIZE
        ? number.longValue()
        : number.signum() < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
  }

  static Object apply(String operator, Object left, Object right, Context context) {
    if (left instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (operator.equals("%") && text(left) != null) {
      return PercentFormat.format(context.text(left), right, context);
    }
    if (right instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (isNumber(left) && isNumber(right)) {
      return isInteger(left) && isInteger(right) && !operator.equals("/")
          ? integers(operator, left, right, context.budget)
          : reals(operator, real(left), real(right));
    }
    Object joined =
        switch (operator) {
          case "+" -> sum(left, right, context);
          case "*" -> isInteger(left) ? repeat(right, left, context) : repeat(left, right, context);
          default -> null;
        };
    if (joined == null) {
      throw new TemplateException(
          "'%s' can not be applied to %s and %s"
              .formatted(operator, Types.name(left), Types.name(right)));
    }
    return joined;
  }

  private static Object integers(String operator, Object left, Object right, Budget budget) {
    if (left instanceof Long a && right instanceof Long b) {
      Object quick = longs(operator, a, b);
      if (quick != null) {
        return quick;
      }
    }
    BigInteger a = integer(left);
    BigInteger b = integer(right);
    budget.integer((long) a.bitLength() + (operator.equals("*") ? b.bitLength() : 1));
    return switch (operator) {
      case "+" -> normal(a.add(b));
      case "-" -> normal(a.subtract(b));
      case "*" -> normal(a.multiply(b));
      case "//" -> normal(floorDivision(a, b)[0]);
      case "%" -> normal(floorDivision(a, b)[1]);
      default -> power(a, b, budget);
    };
  }

  /// Where nothing can overflow.
  private static @Nullable Object longs(String operator, long a, long b) {
    boolean small = Math.abs(a) < 1L << 30 && Math.abs(b) < 1L << 30;
    if (!small || a == Long.MIN_VALUE || b == Long.MIN_VALUE) {
      return null;
    }
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "//" -> b == 0 ? null : (Object) Math.floorDiv(a, b);
      case "%" -> b == 0 ? null : (Object) Math.floorMod(a, b);
      default -> null;
    };
  }

  private static BigInteger[] floorDivision(BigInteger a, BigInteger b) {
    if (b.signum() == 0) {
      throw new TemplateException("integer division or modulo by zero");
    }
    BigInteger[] result = a.divideAndRemainder(b);
    if (result[1].signum() != 0 && result[1].signum() != b.signum()) {
      result[0] = result[0].subtract(BigInteger.ONE);
      result[1] = result[1].add(b);
    }
    return result;
  }

  private static Object power(BigInteger a, BigInteger b, Budget budget) {
    if (b.signum() < 0) {
      return reals("**", a.doubleValue(), b.doubleValue());
    }
    if (a.bitLength() <= 1 && (a.signum() >= 0)) {
      return b.signum() == 0 ? (Object) 1L : a.longValue();
    }
    budget.integer(b.bitLength() > 31 ? Integer.MAX_VALUE : a.bitLength() * b.longValue());
    return normal(a.pow(b.intValue()));
  }

  private static Object reals(String operator, double a, double b) {
    if (b == 0 && (operator.equals("/") || operator.equals("//") || operator.equals("%"))) {
      throw new TemplateException("division by zero");
    }
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / b;
      case "//" -> Math.floor((a - modulo(a, b)) / b + 0.5);
      case "%" -> modulo(a, b);
      default -> realPower(a, b);
    };
  }

  private static double realPower(double a, double b) {
    if (a == 0 && b < 0) {
      throw new TemplateException("0.0 cannot be raised to a negative power");
    }
    double result = Math.pow(a, b);
    if (Double.isNaN(result) && !Double.isNaN(a) && !Double.isNaN(b)) {
      throw new TemplateException("a negative number has no such power");
    }
    if (Double.isInfinite(result) && Double.isFinite(a) && Double.isFinite(b)) {
      throw new TemplateException("the power is too large for a float");
    }
    return result;
  }

  private static double modulo(double a, double b) {
    double rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest == 0 ? Math.copySign(0.0, b) : rest;
  }

  private static @Nullable Object sum(Object left, Object right, Context context) {
    String a = text(left);
    String b = text(right);
    if (a != null && b != null) {
      context.budget.text((long) a.length() + b.length());
      if (left instanceof Markup || right instanceof Markup) {
        return new Markup(escaped(left) + escaped(right));
      }
      return a.concat(b);
    }
    if (left instanceof Sequence first
        && right instanceof Sequence second
        && first.kind == second.kind
        && (first.kind == Sequence.Kind.LIST || first.kind == Sequence.Kind.TUPLE)) {
      context.budget.elements((long) first.size() + second.size());
      List<Object> items = new ArrayList<>(first.size() + second.size());
      items.addAll(first.items);
      items.addAll(second.items);
      return new Sequence(first.kind, items);
    }
    return null;
  }

  private static String escaped(Object value) {
    return value instanceof Markup(String text) ? text : Markup.escape((String) value);
  }

  private static @Nullable String text(Object value) {
    return value instanceof String text ? text : value instanceof Markup(String text) ? text : null;
  }

  private static @Nullable Object repeat(Object what, Object times, Context context) {
    if (!isInteger(times)) {
      return null;
    }
    int count = Math.max(0, size(times));
    String text = text(what);
    if (text != null) {
      context.budget.text((long) text.length() * count);
      return text.repeat(text.isEmpty() ? 0 : count);
    }
    if (what instanceof Sequence sequence
        && (sequence.kind == Sequence.Kind.LIST || sequence.kind == Sequence.Kind.TUPLE)) {
      context.budget.elements((long) sequence.size() * count);
      List<Object> items = new ArrayList<>(sequence.size() * count);
      for (int i = 0; i < count && sequence.size() > 0; i++) {
        items.addAll(sequence.items);
      }
      return new Sequence(sequence.kind, items);
    }
    return null;
  }

  static Object negative(Object value, Context context) {
    return switch (value) {
      case Double number -> -number;
      case Undefined undefined -> throw undefined.failure();
      default -> {
        if (!isNumber(value)) {
          throw new TemplateException("bad operand type for unary -: " + Types.name(value));
        }
        yield normal(integer(value).negate());
      }
    };
  }

  /// A number as Python's `round` gives it: half to even, of the exact value.
  static Object round(Object value, int digits) {
    if (value instanceof Double number) {
      if (!Double.isFinite(number) || digits > 330) {
        return number;
      }
      return new BigDecimal(number)
          .setScale(Math.max(digits, -400), java.math.RoundingMode.HALF_EVEN)
          .doubleValue();
    }
    BigInteger number = integer(value);
    if (digits >= 0) {
      return normal(number);
    }
    return normal(
        new BigDecimal(number)
            .setScale(Math.max(digits, -5000), java.math.RoundingMode.HALF_EVEN)
            .toBigInteger());
  }
}
