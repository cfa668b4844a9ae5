package dllama.template;

import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;

/// Elements in their order; never changed. Lists within lists are limited here, where they are
/// made, so that whatever visits them may recurse.
class Sequence {
  /// What Python has for it, by how it prints it.
  enum Kind {
    LIST("list", "[", "]"),
    TUPLE("tuple", "(", ")"),
    RANGE("range", "range(", ")"),
    KEYS("dict_keys", "dict_keys([", "])"),
    VALUES("dict_values", "dict_values([", "])"),
    ITEMS("dict_items", "dict_items([", "])");

    final String type;
    final String opening;
    final String closing;

    Kind(String type, String opening, String closing) {
      this.type = type;
      this.opening = opening;
      this.closing = closing;
    }

    boolean indexed() {
      return this == LIST || this == TUPLE || this == RANGE;
    }
  }

  final Kind kind;
  final List<Object> items;
  final int depth;

  Sequence(Kind kind, List<Object> items) {
    this.kind = kind;
    this.items = items;
    depth = kind == Kind.RANGE ? 1 : Types.depthAround(items);
  }

  static Sequence list(List<Object> items) {
    return new Sequence(Kind.LIST, items);
  }

  static Sequence tuple(Object... items) {
    return new Sequence(Kind.TUPLE, List.of(items));
  }

  int size() {
    return items.size();
  }

  /// Integers from `start` on, `step` apart, as many as `count`; `stop` is only shown.
  static Sequence range(long start, long stop, long step, int count) {
    return new Sequence(Kind.RANGE, new Steps(start, stop, step, count));
  }

  /// Computed when asked for.
  static final class Steps extends AbstractList<Object> implements RandomAccess {
    private final long start;
    private final long stop;
    private final long step;
    private final int count;

    Steps(long start, long stop, long step, int count) {
      this.start = start;
      this.stop = stop;
      this.step = step;
      this.count = count;
    }

    Sequence slice(int from, long to, long by, int size) {
      return range(start + from * step, start + to * step, step * by, size);
    }

    @Override
    public Object get(int index) {
      return start + index * step;
    }

    @Override
    public int size() {
      return count;
    }

    @Override
    public String toString() {
      return step == 1 ? start + ", " + stop : start + ", " + stop + ", " + step;
    }
  }
}
