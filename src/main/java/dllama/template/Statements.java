package dllama.template;

import dllama.template.Calls.Filtering;
import java.util.ArrayList;
import java.util.List;

/// The forms of statements, but for loops and macros, see [ForLoop] and [MacroStatements].
final class Statements {
  private Statements() {}

  record Plain(int line, String text) implements Statement {
    @Override
    public Flow run(Context context) {
      context.out().append(text);
      return Flow.NEXT;
    }
  }

  record Print(int line, List<Expression> values) implements Statement {
    @Override
    public Flow run(Context context) {
      for (Expression value : values) {
        context.out().append(context.text(context.eval(value)));
      }
      return Flow.NEXT;
    }
  }

  record Branch(Expression condition, List<Statement> body) {}

  record If(int line, List<Branch> branches, List<Statement> otherwise) implements Statement {
    @Override
    public Flow run(Context context) {
      for (Branch branch : branches) {
        if (context.holds(branch.condition())) {
          return context.run(branch.body());
        }
      }
      return context.run(otherwise);
    }
  }

  record Set(int line, Target target, Expression value) implements Statement {
    @Override
    public Flow run(Context context) {
      target.assign(context.eval(value), context);
      return Flow.NEXT;
    }
  }

  record SetBlock(int line, Target target, List<Filtering> filters, List<Statement> body)
      implements Statement {
    @Override
    public Flow run(Context context) {
      Object value = context.written(() -> context.runInner(body));
      for (Filtering filter : filters) {
        value = filter.apply(value, context);
      }
      target.assign(value, context);
      return Flow.NEXT;
    }
  }

  record FilterBlock(int line, List<Filtering> filters, List<Statement> body) implements Statement {
    @Override
    public Flow run(Context context) {
      Object value = context.written(() -> context.runInner(body));
      for (Filtering filter : filters) {
        value = filter.apply(value, context);
      }
      context.out().append(context.text(value));
      return Flow.NEXT;
    }
  }

  record With(int line, List<Target> targets, List<Expression> values, List<Statement> body)
      implements Statement {
    @Override
    public Flow run(Context context) {
      List<Object> given = new ArrayList<>(values.size());
      for (Expression value : values) {
        given.add(context.eval(value));
      }
      return context.in(
          new Scope(context.scope()),
          () -> {
            for (int i = 0; i < given.size(); i++) {
              targets.get(i).assign(given.get(i), context);
            }
            return context.run(body);
          });
    }
  }

  /// A body with a scope of its own: `generation` and `block`.
  record Inner(int line, List<Statement> body) implements Statement {
    @Override
    public Flow run(Context context) {
      return context.runInner(body);
    }
  }

  record Jump(int line, Flow flow) implements Statement {
    @Override
    public Flow run(Context context) {
      return flow;
    }
  }
}
