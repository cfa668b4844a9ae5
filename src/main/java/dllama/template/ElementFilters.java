package dllama.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// Filters on the elements of a value, but for those that choose and order.
final class ElementFilters {
  private ElementFilters() {}

  static void addTo(Map<String, Filter> filters) {
    filters.put("default", ElementFilters::orDefault);
    filters.put("d", ElementFilters::orDefault);
    filters.put("attr", ElementFilters::attribute);
    filters.put("length", (value, _, _) -> Iteration.length(value));
    filters.put("count", (value, _, _) -> Iteration.length(value));
    filters.put("list", (value, _, c) -> Sequence.list(Iteration.all(value, c)));
    filters.put("first", ElementFilters::first);
    filters.put("last", ElementFilters::last);
    filters.put("random", ElementFilters::random);
    filters.put("reverse", ElementFilters::reverse);
    filters.put("join", ElementFilters::join);
    filters.put("items", ElementFilters::items);
    filters.put("batch", ElementFilters::batch);
    filters.put("slice", ElementFilters::slice);
  }

  private static Object orDefault(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("default", 0, "default_value", "boolean");
    boolean asBoolean = given[1] != null && Types.truth(given[1]);
    boolean missing = value instanceof Undefined || (asBoolean && !Types.truth(value));
    return !missing ? value : given[0] == null ? "" : given[0];
  }

  private static Object attribute(Object value, Arguments arguments, Context context) {
    String name = context.text(arguments.get(0, "attr"));
    Object found = Access.own(value, name, context);
    return found == null ? Undefined.attribute(value, name) : found;
  }

  private static Object first(Object value, Arguments arguments, Context context) {
    arguments.bind("first", 0);
    Iterator<Object> items = Iteration.of(value, context);
    return items.hasNext()
        ? items.next()
        : new Undefined(() -> "No first item, sequence was empty.");
  }

  /// What can be read from its end.
  private static List<Object> reversible(Object value, Context context) {
    if (value instanceof Generator || value instanceof Loop) {
      throw new TemplateException("'%s' object is not reversible".formatted(Types.name(value)));
    }
    return Iteration.all(value, context);
  }

  private static Object last(Object value, Arguments arguments, Context context) {
    arguments.bind("last", 0);
    List<Object> items = reversible(value, context);
    return items.isEmpty()
        ? new Undefined(() -> "No last item, sequence was empty.")
        : items.getLast();
  }

  private static Object random(Object value, Arguments arguments, Context context) {
    List<Object> items = reversible(value, context);
    return items.isEmpty()
        ? new Undefined(() -> "No random item, sequence was empty.")
        : items.get(ThreadLocalRandom.current().nextInt(items.size()));
  }

  private static Object reverse(Object value, Arguments arguments, Context context) {
    arguments.bind("reverse", 0);
    if (value instanceof String || value instanceof Markup) {
      String text = context.text(value);
      context.budget.text(text.length());
      return new StringBuilder(text).reverse().toString();
    }
    List<Object> items = new ArrayList<>(Iteration.all(value, context));
    context.budget.elements(items.size());
    Collections.reverse(items);
    return new Generator(items.iterator());
  }

  private static String join(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("join", 0, "d", "attribute");
    String separator = given[0] == null ? "" : context.text(given[0]);
    KeyPath path = KeyPath.of(given[1]);
    Iterator<Object> items = Iteration.of(value, context);
    Output out = new Output(context.budget);
    boolean first = true;
    while (items.hasNext()) {
      out.append(first ? "" : separator);
      out.append(context.text(path.get(items.next(), context)));
      first = false;
    }
    return out.toString();
  }

  private static Object items(Object value, Arguments arguments, Context context) {
    arguments.bind("items", 0);
    return switch (value) {
      case Undefined _ -> new Generator(Collections.emptyIterator());
      case Dict dict -> {
        context.budget.elements(dict.size());
        yield new Generator(dict.items().iterator());
      }
      default -> throw new TemplateException("Can only get item pairs from a mapping.");
    };
  }

  private static Object batch(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("batch", 1, "linecount", "fill_with");
    long size =
        Math.max(
            1,
            Arithmetic.index(
                arguments.positional().isEmpty() ? required(given[0]) : arguments.get(0, "batch")));
    Object fill = given[1];
    List<Object> batches = new ArrayList<>();
    List<Object> batch = new ArrayList<>();
    Iterator<Object> items = Iteration.of(value, context);
    while (items.hasNext()) {
      context.budget.elements(1);
      if (batch.size() == size) {
        batches.add(Sequence.list(batch));
        batch = new ArrayList<>();
      }
      batch.add(items.next());
    }
    if (!batch.isEmpty()) {
      if (fill != null && fill != None.NONE) {
        context.budget.elements(size - batch.size());
        batch.addAll(Collections.nCopies((int) size - batch.size(), fill));
      }
      batches.add(Sequence.list(batch));
    }
    return new Generator(batches.iterator());
  }

  private static Object required(@Nullable Object value) {
    return value == null ? None.NONE : value;
  }

  private static Object slice(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("slice", 1, "slices", "fill_with");
    int count = Arithmetic.size(required(given[0]));
    if (count <= 0) {
      throw new TemplateException("slice takes a number above 0");
    }
    List<Object> items = Iteration.all(value, context);
    context.budget.elements(2L * count + items.size());
    int each = items.size() / count;
    int more = items.size() % count;
    List<Object> slices = new ArrayList<>(count);
    int from = 0;
    for (int i = 0; i < count; i++) {
      int to = from + each + (i < more ? 1 : 0);
      List<Object> slice = new ArrayList<>(items.subList(from, to));
      Object fill = given[1];
      if (fill != null && fill != None.NONE && i >= more) {
        slice.add(fill);
      }
      slices.add(Sequence.list(slice));
      from = to;
    }
    return new Generator(slices.iterator());
  }
}
