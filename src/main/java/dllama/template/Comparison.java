package dllama.template;

import java.math.BigDecimal;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Whether values are equal, less or contained, as in Python.
final class Comparison {
  private Comparison() {}

  static boolean equal(Object a, Object b, Context context) {
    context.budget.step();
    if (Arithmetic.isNumber(a) && Arithmetic.isNumber(b)) {
      return !isNaN(a) && !isNaN(b) && compareNumbers(a, b) == 0;
    }
    return switch (a) {
      case String text -> text.equals(plain(b));
      case Markup(String text) -> text.equals(plain(b));
      case Undefined _ -> b instanceof Undefined;
      case Sequence one when b instanceof Sequence other ->
          one.kind == other.kind && equal(one.items, other.items, context);
      case Dict one when b instanceof Dict other -> equal(one, other, context);
      default -> a == b;
    };
  }

  private static @Nullable Object plain(Object value) {
    return value instanceof Markup(String text) ? text : value;
  }

  private static boolean equal(List<Object> a, List<Object> b, Context context) {
    if (a.size() != b.size()) {
      return false;
    }
    for (int i = 0; i < a.size(); i++) {
      if (!equal(a.get(i), b.get(i), context)) {
        return false;
      }
    }
    return true;
  }

  private static boolean equal(Dict a, Dict b, Context context) {
    if (a.size() != b.size()) {
      return false;
    }
    for (Dict.Entry entry : a.entries()) {
      Object other = b.get(entry.key());
      if (other == null || !equal(entry.value(), other, context)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isNaN(Object value) {
    return value instanceof Double number && number.isNaN();
  }

  private static int compareNumbers(Object a, Object b) {
    if (a instanceof Long x && b instanceof Long y) {
      return Long.compare(x, y);
    }
    if (a instanceof Double x && b instanceof Double y) {
      return x < y ? -1 : x > y ? 1 : 0;
    }
    if (a instanceof Double x && x.isInfinite()) {
      return x > 0 ? 1 : -1;
    }
    if (b instanceof Double y && y.isInfinite()) {
      return y > 0 ? -1 : 1;
    }
    return exact(a).compareTo(exact(b));
  }

  private static BigDecimal exact(Object value) {
    return value instanceof Double number
        ? new BigDecimal(number)
        : new BigDecimal(Arithmetic.integer(value));
  }

  /// Negative where `a` comes first; fails for values that have no order.
  static int compare(Object a, Object b, Context context) {
    context.budget.step();
    if (Arithmetic.isNumber(a) && Arithmetic.isNumber(b)) {
      return compareNumbers(a, b);
    }
    if (plain(a) instanceof String one && plain(b) instanceof String other) {
      return compareTexts(one, other);
    }
    if (a instanceof Sequence one
        && b instanceof Sequence other
        && one.kind == other.kind
        && (one.kind == Sequence.Kind.LIST || one.kind == Sequence.Kind.TUPLE)) {
      for (int i = 0; i < Math.min(one.size(), other.size()); i++) {
        if (!equal(one.items.get(i), other.items.get(i), context)) {
          return compare(one.items.get(i), other.items.get(i), context);
        }
      }
      return Integer.compare(one.size(), other.size());
    }
    if (a instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (b instanceof Undefined undefined) {
      throw undefined.failure();
    }
    throw new TemplateException("%s and %s have no order".formatted(Types.name(a), Types.name(b)));
  }

  /// By code points: those outside the basic plane come last, which their halves do not.
  private static int compareTexts(String a, String b) {
    int at = 0;
    int end = Math.min(a.length(), b.length());
    while (at < end && a.charAt(at) == b.charAt(at)) {
      at++;
    }
    if (at == end) {
      return Integer.compare(a.length(), b.length());
    }
    boolean high = Character.isSurrogate(a.charAt(at));
    return high == Character.isSurrogate(b.charAt(at))
        ? Character.compare(a.charAt(at), b.charAt(at))
        : high ? 1 : -1;
  }

  static boolean holds(String operator, Object a, Object b, Context context) {
    return switch (operator) {
      case "==" -> equal(a, b, context);
      case "!=" -> !equal(a, b, context);
      case "in" -> contains(b, a, context);
      case "not in" -> !contains(b, a, context);
      default -> ordered(operator, a, b, context);
    };
  }

  private static boolean ordered(String operator, Object a, Object b, Context context) {
    int order = compare(a, b, context);
    if (isNaN(a) || isNaN(b)) {
      return false;
    }
    return switch (operator) {
      case "<" -> order < 0;
      case "<=" -> order <= 0;
      case ">" -> order > 0;
      default -> order >= 0;
    };
  }

  private static boolean contains(Object whole, Object part, Context context) {
    if (plain(whole) instanceof String text) {
      if (plain(part) instanceof String sought) {
        context.budget.read(text);
        return Search.indexOf(text, sought, 0) >= 0;
      }
      if (part instanceof Undefined undefined) {
        throw undefined.failure();
      }
      throw new TemplateException(
          "'in' asks a text for a text, not for a value of type " + Types.name(part));
    }
    if (whole instanceof Dict dict) {
      return dict.get(part) != null;
    }
    Iterator<Object> items = Iteration.of(whole, context);
    while (items.hasNext()) {
      if (equal(items.next(), part, context)) {
        return true;
      }
    }
    return false;
  }
}
