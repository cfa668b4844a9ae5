package dllama.template;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Filters that order elements, and those that look for equal ones.
final class OrderFilters {
  private OrderFilters() {}

  static void addTo(Map<String, Filter> filters) {
    filters.put("sort", OrderFilters::sort);
    filters.put("dictsort", OrderFilters::dictSort);
    filters.put("unique", OrderFilters::unique);
    filters.put("groupby", OrderFilters::groupBy);
    filters.put("min", (value, given, context) -> extreme("min", value, given, context));
    filters.put("max", (value, given, context) -> extreme("max", value, given, context));
  }

  private static boolean flag(@Nullable Object value) {
    return value != null && Types.truth(value);
  }

  /// What counts of a value where capitals do not matter.
  private static Object folded(Object value, boolean caseSensitive, Context context) {
    if (caseSensitive || !(value instanceof String text)) {
      return value;
    }
    context.budget.text(text.length());
    return text.toLowerCase(Locale.ROOT);
  }

  /// An element and what it is ordered by.
  private record Keyed(Object key, Object element) {}

  private static List<Object> sorted(List<Keyed> keyed, boolean reverse, Context context) {
    Comparator<Keyed> order = (a, b) -> Comparison.compare(a.key(), b.key(), context);
    // Equal elements keep their order, in reverse, too.
    keyed.sort(reverse ? (a, b) -> order.compare(b, a) : order);
    List<Object> elements = new ArrayList<>(keyed.size());
    keyed.forEach(each -> elements.add(each.element()));
    return elements;
  }

  private static List<Keyed> keyed(
      Object value, List<KeyPath> paths, boolean caseSensitive, Context context) {
    List<Keyed> keyed = new ArrayList<>();
    for (Object element : Iteration.all(value, context)) {
      context.budget.elements(1 + paths.size());
      List<Object> keys = new ArrayList<>(paths.size());
      for (KeyPath path : paths) {
        keys.add(folded(path.get(element, context), caseSensitive, context));
      }
      Object key = keys.size() == 1 ? keys.getFirst() : Sequence.list(keys);
      keyed.add(new Keyed(key, element));
    }
    return keyed;
  }

  private static Object sort(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("sort", 0, "reverse", "case_sensitive", "attribute");
    List<KeyPath> paths = new ArrayList<>();
    if (given[2] instanceof String several) {
      for (String path : several.split(",", -1)) {
        paths.add(KeyPath.of(path));
      }
    } else {
      paths.add(KeyPath.of(given[2]));
    }
    return Sequence.list(
        sorted(keyed(value, paths, flag(given[1]), context), flag(given[0]), context));
  }

  private static Object dictSort(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("dictsort", 0, "case_sensitive", "by", "reverse");
    String by = given[1] == null ? "key" : context.text(given[1]);
    if (!by.equals("key") && !by.equals("value")) {
      throw new TemplateException("You can only sort by either \"key\" or \"value\"");
    }
    if (!(value instanceof Dict dict)) {
      throw new TemplateException("dictsort takes a mapping, not " + Types.name(value));
    }
    List<Keyed> keyed = new ArrayList<>();
    for (Dict.Entry entry : dict.entries()) {
      context.budget.elements(2);
      Object key = by.equals("key") ? entry.key() : entry.value();
      keyed.add(
          new Keyed(
              folded(key, flag(given[0]), context), Sequence.tuple(entry.key(), entry.value())));
    }
    return Sequence.list(sorted(keyed, flag(given[2]), context));
  }

  private static Object unique(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("unique", 0, "case_sensitive", "attribute");
    KeyPath path = KeyPath.of(given[1]);
    Dict seen = new Dict();
    List<Object> unique = new ArrayList<>();
    for (Object element : Iteration.all(value, context)) {
      context.budget.elements(3);
      Object key = folded(path.get(element, context), flag(given[0]), context);
      if (seen.get(key) == null) {
        seen.put(key, true);
        unique.add(element);
      }
    }
    return new Generator(unique.iterator());
  }

  /// A group: a pair whose parts also have names.
  private static final class Group extends Sequence implements Attributes {
    Group(Object grouper, Object list) {
      super(Kind.TUPLE, List.of(grouper, list));
    }

    @Override
    public @Nullable Object attribute(String name, Context context) {
      return switch (name) {
        case "grouper" -> items.get(0);
        case "list" -> items.get(1);
        default -> null;
      };
    }
  }

  private static Object groupBy(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given =
        arguments.bind("groupby", 1, "attribute", "default", "case_sensitive");
    KeyPath path = KeyPath.of(given[0]);
    boolean caseSensitive = flag(given[2]);
    List<Keyed> keyed = new ArrayList<>();
    for (Object element : Iteration.all(value, context)) {
      context.budget.elements(2);
      Object key = path.get(element, given[1], context);
      keyed.add(new Keyed(folded(key, caseSensitive, context), element));
    }
    sorted(keyed, false, context);
    List<Object> groups = new ArrayList<>();
    for (int from = 0; from < keyed.size(); ) {
      Object key = keyed.get(from).key();
      List<Object> group = new ArrayList<>();
      int to = from;
      while (to < keyed.size() && Comparison.equal(keyed.get(to).key(), key, context)) {
        group.add(keyed.get(to++).element());
      }
      to = Math.max(to, from + 1);
      Object shown = path.get(keyed.get(from).element(), given[1], context);
      groups.add(new Group(caseSensitive ? key : shown, Sequence.list(group)));
      from = to;
    }
    return Sequence.list(groups);
  }

  private static Object extreme(String name, Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind(name, 0, "case_sensitive", "attribute");
    KeyPath path = KeyPath.of(given[1]);
    Iterator<Object> items = Iteration.of(value, context);
    Object best = null;
    Object bestKey = null;
    while (items.hasNext()) {
      Object item = items.next();
      Object key = folded(path.get(item, context), flag(given[0]), context);
      int order = bestKey == null ? 0 : Comparison.compare(key, bestKey, context);
      if (bestKey == null || (name.equals("min") ? order < 0 : order > 0)) {
        best = item;
        bestKey = key;
      }
    }
    return best == null ? new Undefined(() -> "No aggregated item, sequence was empty.") : best;
  }
}
