package dllama.template;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Filters that choose elements, or make others of them; each when it is asked for.
final class SelectFilters {
  private SelectFilters() {}

  static void addTo(Map<String, Filter> filters) {
    filters.put("map", SelectFilters::map);
    filters.put("select", (value, given, c) -> select(value, given, c, true));
    filters.put("reject", (value, given, c) -> select(value, given, c, false));
    filters.put("selectattr", (value, given, c) -> selectAttribute(value, given, c, true));
    filters.put("rejectattr", (value, given, c) -> selectAttribute(value, given, c, false));
  }

  private static Object map(Object value, Arguments arguments, Context context) {
    if (!Types.truth(value) && !(value instanceof Generator)) {
      return new Generator(java.util.Collections.emptyIterator());
    }
    UnaryOperator<Object> change = mapping(arguments, context);
    Iterator<Object> items = Iteration.of(value, context);
    return new Generator(
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return items.hasNext();
          }

          @Override
          public Object next() {
            context.budget.step();
            return change.apply(items.next());
          }
        });
  }

  private static UnaryOperator<Object> mapping(Arguments arguments, Context context) {
    if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
      @Nullable Object[] given =
          new Arguments(arguments.positional(), new LinkedHashMap<>(arguments.named()))
              .bind("map", 0, "attribute", "default");
      KeyPath path = KeyPath.of(given[0]);
      return item -> path.get(item, given[1], context);
    }
    String name = context.text(arguments.get(0, "map"));
    Filter filter = Filters.named(name);
    Arguments rest = arguments.from(1);
    return item -> filter.apply(item, rest, context);
  }

  private static Object select(Object value, Arguments arguments, Context context, boolean wanted) {
    Predicate<Object> test = predicate(arguments, context);
    return chosen(value, item -> test.test(item) == wanted, context);
  }

  private static Object selectAttribute(
      Object value, Arguments arguments, Context context, boolean wanted) {
    KeyPath path = KeyPath.of(arguments.get(0, "selectattr"));
    Predicate<Object> test = predicate(arguments.from(1), context);
    return chosen(value, item -> test.test(path.get(item, context)) == wanted, context);
  }

  /// The test of a name, or whether a value is true.
  private static Predicate<Object> predicate(Arguments arguments, Context context) {
    if (arguments.positional().isEmpty()) {
      return Types::truth;
    }
    Test test = Tests.named(context.text(arguments.get(0, "select")));
    Arguments rest = arguments.from(1);
    return item -> test.holds(item, rest, context);
  }

  private static Object chosen(Object value, Predicate<Object> wanted, Context context) {
    if (!Types.truth(value) && !(value instanceof Generator)) {
      return new Generator(java.util.Collections.emptyIterator());
    }
    Iterator<Object> items = Iteration.of(value, context);
    return new Generator(
        new Iterator<>() {
          private @Nullable Object next;

          @Override
          public boolean hasNext() {
            while (next == null && items.hasNext()) {
              context.budget.step();
              Object item = items.next();
              next = wanted.test(item) ? item : null;
            }
            return next != null;
          }

          @Override
          public Object next() {
            if (!hasNext() || next == null) {
              throw new NoSuchElementException();
            }
            Object item = next;
            next = null;
            return item;
          }
        });
  }
}
