package dllama.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The variable `loop`. Looks ahead only where it is asked to, as what decides about elements may
/// change while the loop runs.
final class Loop implements Attributes, Callable {
  private Iterator<Object> items;
  private final int depth;
  private final @Nullable Function<Object, String> again;
  private final Context context;

  private long index = -1;
  private long length = -1;
  private @Nullable Object previous;
  private @Nullable Object current;
  private @Nullable Object ahead;
  private @Nullable Object lastChanged;

  Loop(
      Iterator<Object> items,
      int depth,
      @Nullable Function<Object, String> again,
      Context context) {
    this.items = items;
    this.depth = depth;
    this.again = again;
    this.context = context;
  }

  /// On to the next element.
  ///
  /// @return false if there is none
  boolean advance() {
    context.budget.step();
    Object next = ahead();
    if (next == null) {
      return false;
    }
    ahead = null;
    previous = current;
    current = next;
    index++;
    return true;
  }

  Object current() {
    return current == null ? None.NONE : current;
  }

  private @Nullable Object ahead() {
    if (ahead == null && items.hasNext()) {
      ahead = items.next();
    }
    return ahead;
  }

  /// Takes all that is left.
  private long length() {
    if (length < 0) {
      List<Object> left = new ArrayList<>();
      Object next = ahead();
      if (next != null) {
        left.add(next);
      }
      while (items.hasNext()) {
        context.budget.elements(1);
        left.add(items.next());
      }
      ahead = null;
      length = index + 1 + left.size();
      items = left.iterator();
    }
    return length;
  }

  @Override
  public @Nullable Object attribute(String name, Context context) {
    return switch (name) {
      case "index" -> index + 1;
      case "index0" -> index;
      case "revindex" -> length() - index;
      case "revindex0" -> length() - index - 1;
      case "first" -> index == 0;
      case "last" -> ahead() == null;
      case "length" -> length();
      case "depth" -> depth + 1L;
      case "depth0" -> (long) depth;
      case "previtem" ->
          previous == null ? new Undefined(() -> "there is no previous item") : previous;
      case "nextitem" -> {
        Object next = ahead();
        yield next == null ? new Undefined(() -> "there is no next item") : next;
      }
      case "cycle" -> (Callable) (arguments, _) -> cycle(arguments.positional());
      case "changed" -> (Callable) (arguments, _) -> changed(arguments.positional());
      default -> null;
    };
  }

  String shown() {
    return "<LoopContext %d/%d>".formatted(index + 1, length());
  }

  private Object cycle(List<Object> values) {
    if (values.isEmpty()) {
      throw new TemplateException("no items for cycling given");
    }
    return values.get((int) (index % values.size()));
  }

  private boolean changed(List<Object> values) {
    Object now = new Sequence(Sequence.Kind.TUPLE, values);
    boolean changed = lastChanged == null || !Comparison.equal(lastChanged, now, context);
    lastChanged = now;
    return changed;
  }

  @Override
  public Object call(Arguments arguments, Context context) {
    if (again == null) {
      throw new TemplateException("a loop calls itself, but is not marked as 'recursive'");
    }
    return again.apply(arguments.get(0, "loop"));
  }
}
