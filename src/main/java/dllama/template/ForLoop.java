package dllama.template;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/// `{% for %}`: each element has a scope of its own, in which `loop` tells where the loop stands.
record ForLoop(
    int line,
    Target target,
    Expression elements,
    @Nullable Expression condition,
    boolean recursive,
    List<Statement> body,
    List<Statement> otherwise)
    implements Statement {
  @Override
  public Flow run(Context context) {
    return run(context.eval(elements), 0, context.scope(), context);
  }

  private Flow run(Object elements, int depth, Scope around, Context context) {
    Iterator<Object> items = Iteration.of(elements, context);
    Loop loop =
        new Loop(
            condition == null ? items : new Chosen(items, condition, around, context),
            depth,
            recursive ? inner -> again(inner, depth + 1, around, context) : null,
            context);
    // As in Jinja, `else` also follows where no element was worked through to the end.
    boolean completed = false;
    while (loop.advance()) {
      Flow flow = context.in(scope(loop, around), () -> element(loop, context));
      if (flow == Flow.BREAK) {
        break;
      }
      completed |= flow == Flow.NEXT;
    }
    return completed ? Flow.NEXT : context.in(new Scope(around), () -> context.run(otherwise));
  }

  private static Scope scope(Loop loop, Scope around) {
    Scope scope = new Scope(around);
    scope.set("loop", loop);
    return scope;
  }

  private Flow element(Loop loop, Context context) {
    target.assign(loop.current(), context);
    return context.run(body);
  }

  /// `loop(elements)` in a recursive loop.
  private String again(Object elements, int depth, Scope around, Context context) {
    context.budget.enter();
    String text =
        context.written(() -> context.in(around, () -> run(elements, depth, around, context)));
    context.budget.leave();
    return text;
  }

  /// The elements for which the loop's condition holds, looked for when they are asked for.
  private final class Chosen implements Iterator<Object> {
    private final Iterator<Object> items;
    private final Expression condition;
    private final Scope around;
    private final Context context;
    private @Nullable Object next;

    Chosen(Iterator<Object> items, Expression condition, Scope around, Context context) {
      this.items = items;
      this.condition = condition;
      this.around = around;
      this.context = context;
    }

    @Override
    public boolean hasNext() {
      while (next == null && items.hasNext()) {
        Object item = items.next();
        boolean chosen =
            context.in(
                new Scope(around),
                () -> {
                  target.assign(item, context);
                  return context.holds(condition);
                });
        next = chosen ? item : null;
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
  }
}
