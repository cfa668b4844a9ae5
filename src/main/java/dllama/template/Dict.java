package dllama.template;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Values by key, in the order in which the keys came; not changed once it is seen by a template.
/// Keys are equal as in Python: `1`, `1.0` and `True` are one.
final class Dict {
  /// A key as it was given, and its value.
  record Entry(Object key, Object value) {}

  private final Map<Object, Entry> entries = new LinkedHashMap<>();
  private int depth = 1;

  /// Adds while it is built; an equal key keeps its place and its form.
  Dict put(Object key, Object value) {
    depth = Math.max(depth, Types.depthAround(List.of(key, value)));
    entries.compute(normal(key), (_, old) -> new Entry(old == null ? key : old.key(), value));
    return this;
  }

  void putAll(Dict other) {
    other.entries().forEach(entry -> put(entry.key(), entry.value()));
  }

  @Nullable Object get(Object key) {
    Entry entry = entries.get(normal(key));
    return entry == null ? null : entry.value();
  }

  Collection<Entry> entries() {
    return entries.values();
  }

  int size() {
    return entries.size();
  }

  int depth() {
    return depth;
  }

  List<Object> keys() {
    List<Object> keys = new ArrayList<>(entries.size());
    entries.values().forEach(entry -> keys.add(entry.key()));
    return keys;
  }

  List<Object> values() {
    List<Object> values = new ArrayList<>(entries.size());
    entries.values().forEach(entry -> values.add(entry.value()));
    return values;
  }

  List<Object> items() {
    List<Object> items = new ArrayList<>(entries.size());
    entries.values().forEach(entry -> items.add(Sequence.tuple(entry.key(), entry.value())));
    return items;
  }

  /// The same for keys that are equal in Python.
  private static Object normal(Object key) {
    return switch (key) {
      case Boolean b -> b ? 1L : 0L;
      case Double d when d == Math.rint(d) && Math.abs(d) < 1e15 -> (long) (double) d;
      case Markup(String text) -> text;
      case Sequence tuple when tuple.kind == Sequence.Kind.TUPLE ->
          tuple.items.stream().map(Dict::normal).toList();
      case Sequence list -> throw unhashable(list);
      case Dict dict -> throw unhashable(dict);
      default -> key;
    };
  }

  private static TemplateException unhashable(Object key) {
    return new TemplateException("unhashable type: '%s'".formatted(Types.name(key)));
  }
}
