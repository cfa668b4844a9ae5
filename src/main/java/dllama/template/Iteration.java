package dllama.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/// The elements of a value, one after the other.
final class Iteration {
  private Iteration() {}

  static Iterator<Object> of(Object value, Context context) {
    return switch (value) {
      case Sequence sequence -> sequence.items.iterator();
      case Dict dict -> dict.keys().iterator();
      case Generator(Iterator<Object> items) -> items;
      case Undefined _ -> Collections.emptyIterator();
      case String text -> characters(text);
      case Markup(String text) -> characters(text);
      default ->
          throw new TemplateException("'%s' object is not iterable".formatted(Types.name(value)));
    };
  }

  private static Iterator<Object> characters(String text) {
    return text.codePoints().mapToObj(c -> (Object) Character.toString(c)).iterator();
  }

  /// All elements.
  static List<Object> all(Object value, Context context) {
    if (value instanceof Sequence sequence) {
      return sequence.items;
    }
    Iterator<Object> items = of(value, context);
    List<Object> all = new ArrayList<>();
    while (items.hasNext()) {
      context.budget.elements(1);
      all.add(items.next());
    }
    return all;
  }

  /// How many elements there are.
  static long length(Object value) {
    return switch (value) {
      case String text -> Types.length(text);
      case Markup(String text) -> Types.length(text);
      case Sequence sequence -> sequence.size();
      case Dict dict -> dict.size();
      case Undefined _ -> 0;
      default ->
          throw new TemplateException(
              "object of type '%s' has no length".formatted(Types.name(value)));
    };
  }
}
