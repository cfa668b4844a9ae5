package dllama.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// `cycler('a', 'b')`: one value after the other, then again from the first.
final class Cycler implements Attributes {
  private final List<Object> values;
  private int at;

  private Cycler(List<Object> values) {
    this.values = values;
  }

  static Object of(Arguments arguments, Context context) {
    if (arguments.positional().isEmpty()) {
      throw new TemplateException("at least one item has to be provided");
    }
    return new Cycler(arguments.positional());
  }

  @Override
  public @Nullable Object attribute(String name, Context context) {
    return switch (name) {
      case "current" -> values.get(at);
      case "next" -> (Callable) (_, _) -> next();
      case "reset" -> (Callable) (_, _) -> reset();
      default -> null;
    };
  }

  private Object next() {
    Object value = values.get(at);
    at = (at + 1) % values.size();
    return value;
  }

  private Object reset() {
    at = 0;
    return None.NONE;
  }
}
