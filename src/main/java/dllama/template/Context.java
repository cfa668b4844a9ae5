package dllama.template;

import java.time.Clock;
import java.util.List;
import java.util.function.Supplier;

/// One rendering: where it stands, what it has written, what it may still use. After an error it is
/// of no more use. One thread.
final class Context {
  final Budget budget;
  final Clock clock;
  private Scope scope;
  private Output out;

  Context(Scope scope, Budget budget, Clock clock) {
    this.scope = scope;
    this.budget = budget;
    this.clock = clock;
    out = new Output(budget);
  }

  Scope scope() {
    return scope;
  }

  Output out() {
    return out;
  }

  Object eval(Expression expression) {
    budget.enter();
    Object value = expression.value(this);
    budget.leave();
    return value;
  }

  boolean holds(Expression expression) {
    return Types.truth(eval(expression));
  }

  /// Runs statements in the current scope.
  Flow run(List<Statement> statements) {
    for (Statement statement : statements) {
      budget.enter();
      Flow flow;
      try {
        flow = statement.run(this);
      } catch (TemplateException e) {
        throw e.at(statement.line());
      }
      budget.leave();
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  /// Does something in another scope.
  <T> T in(Scope inner, Supplier<T> what) {
    Scope before = scope;
    scope = inner;
    T result = what.get();
    scope = before;
    return result;
  }

  /// Runs statements in a scope of their own.
  Flow runInner(List<Statement> statements) {
    return in(new Scope(scope), () -> run(statements));
  }

  /// What statements write.
  String written(Runnable statements) {
    Output before = out;
    out = new Output(budget);
    statements.run();
    String text = out.toString();
    out = before;
    return text;
  }

  String text(Object value) {
    return Text.of(value, this);
  }
}
