package dllama.template;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Parts of values: `a.b`, `a[b]`, `a[b:c]`. What is not there is undefined; there is no way to
/// anything but the parts that are listed here.
final class Access {
  private Access() {}

  static Object attribute(Object owner, String name, Context context) {
    if (owner instanceof Undefined undefined) {
      throw undefined.failure();
    }
    Object found = own(owner, name, context);
    if (found == null && owner instanceof Dict dict) {
      found = dict.get(name);
    }
    return found == null ? Undefined.attribute(owner, name) : found;
  }

  /// Attributes and methods.
  static @Nullable Object own(Object owner, String name, Context context) {
    return switch (owner) {
      case String text -> Methods.ofText(text, name);
      case Markup(String text) -> Methods.ofText(text, name);
      case Dict dict -> Methods.ofDict(dict, name);
      case Sequence sequence when !(owner instanceof Attributes) ->
          Methods.ofSequence(sequence, name);
      case Attributes attributes -> attributes.attribute(name, context);
      default -> null;
    };
  }

  static Object item(Object owner, Object key, Context context) {
    if (owner instanceof Undefined undefined) {
      throw undefined.failure();
    }
    Object found =
        switch (owner) {
          case Dict dict -> isHashable(key) ? dict.get(key) : null;
          case Sequence sequence when sequence.kind.indexed() && Arithmetic.isInteger(key) ->
              element(sequence.items, Arithmetic.index(key));
          case String text when Arithmetic.isInteger(key) -> character(text, key);
          case Markup(String text) when Arithmetic.isInteger(key) -> character(text, key);
          default -> null;
        };
    if (found == null && key instanceof String name) {
      found = own(owner, name, context);
    }
    return found == null ? Undefined.element(owner, key) : found;
  }

  private static boolean isHashable(Object key) {
    return !(key instanceof Dict)
        && !(key instanceof Sequence sequence && sequence.kind != Sequence.Kind.TUPLE);
  }

  private static @Nullable Object element(List<Object> items, long index) {
    long at = index < 0 ? index + items.size() : index;
    return at < 0 || at >= items.size() ? null : items.get((int) at);
  }

  private static @Nullable String character(String text, Object key) {
    long index = Arithmetic.index(key);
    int length = Types.length(text);
    long at = index < 0 ? index + length : index;
    if (at < 0 || at >= length) {
      return null;
    }
    int from = length == text.length() ? (int) at : text.offsetByCodePoints(0, (int) at);
    return Character.toString(text.codePointAt(from));
  }

  /// A slice, as `[from:to:step]`; null where a bound is not given.
  static Object slice(
      Object owner,
      @Nullable Object from,
      @Nullable Object to,
      @Nullable Object step,
      Context context) {
    return switch (owner) {
      case Undefined undefined -> throw undefined.failure();
      case String text -> slice(text, bounds(Types.length(text), from, to, step), context);
      case Markup(String text) -> slice(text, bounds(Types.length(text), from, to, step), context);
      case Sequence sequence when sequence.kind.indexed() ->
          slice(sequence, bounds(sequence.size(), from, to, step), context);
      default ->
          throw new TemplateException(
              "a value of type %s has no slices".formatted(Types.name(owner)));
    };
  }

  /// Where a slice begins, how far apart its elements are, how many it has.
  private record Bounds(int start, long end, long step, int count) {}

  private static Bounds bounds(
      int length, @Nullable Object from, @Nullable Object to, @Nullable Object step) {
    Object stride = given(step);
    long by = stride == null ? 1 : Arithmetic.index(stride);
    if (by == 0) {
      throw new TemplateException("slice step cannot be zero");
    }
    long low = by > 0 ? 0 : -1;
    long high = by > 0 ? length : length - 1;
    long start = given(from) == null ? (by > 0 ? low : high) : clamp(from, length, low, high);
    long end = given(to) == null ? (by > 0 ? high : low) : clamp(to, length, low, high);
    long distance = by > 0 ? end - start : start - end;
    long distanceApart = Math.max(1, by == Long.MIN_VALUE ? Long.MAX_VALUE : Math.abs(by));
    return new Bounds(
        (int) start, end, by, distance <= 0 ? 0 : (int) ((distance - 1) / distanceApart + 1));
  }

  private static @Nullable Object given(@Nullable Object bound) {
    return bound == None.NONE ? null : bound;
  }

  private static long clamp(@Nullable Object bound, int length, long low, long high) {
    long index = Arithmetic.index(bound == null ? 0L : bound);
    return Math.clamp(index < 0 ? index + length : index, low, high);
  }

  private static String slice(String text, Bounds bounds, Context context) {
    context.budget.text(bounds.count());
    if (bounds.step() == 1) {
      int from = text.offsetByCodePoints(0, Math.min(bounds.start(), Types.length(text)));
      return text.substring(from, text.offsetByCodePoints(from, bounds.count()));
    }
    int[] points = text.codePoints().toArray();
    context.budget.elements(points.length);
    StringBuilder slice = new StringBuilder(bounds.count());
    for (int i = 0; i < bounds.count(); i++) {
      slice.appendCodePoint(points[(int) (bounds.start() + i * bounds.step())]);
    }
    return slice.toString();
  }

  private static Sequence slice(Sequence sequence, Bounds bounds, Context context) {
    if (sequence.items instanceof Sequence.Steps range) {
      return range.slice(bounds.start(), bounds.end(), bounds.step(), bounds.count());
    }
    context.budget.elements(bounds.count());
    List<Object> slice = new ArrayList<>(bounds.count());
    for (int i = 0; i < bounds.count(); i++) {
      slice.add(sequence.items.get((int) (bounds.start() + i * bounds.step())));
    }
    return new Sequence(sequence.kind, slice);
  }
}
