package dllama.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The forms of expressions but for calls, see [Calls].
final class Expressions {
  private Expressions() {}

  record Constant(Object constant) implements Expression {
    @Override
    public Object value(Context context) {
      return constant;
    }
  }

  record Name(String name) implements Expression {
    @Override
    public Object value(Context context) {
      Object value = context.scope().get(name);
      return value == null ? Undefined.name(name) : value;
    }
  }

  record Elements(Sequence.Kind kind, List<Expression> elements) implements Expression {
    @Override
    public Object value(Context context) {
      context.budget.elements(elements.size());
      List<Object> items = new ArrayList<>(elements.size());
      for (Expression element : elements) {
        items.add(context.eval(element));
      }
      return new Sequence(kind, items);
    }
  }

  record Mapping(List<Expression> keys, List<Expression> values) implements Expression {
    @Override
    public Object value(Context context) {
      context.budget.elements(3L * keys.size());
      Dict dict = new Dict();
      for (int i = 0; i < keys.size(); i++) {
        dict.put(context.eval(keys.get(i)), context.eval(values.get(i)));
      }
      return dict;
    }
  }

  record Attribute(Expression owner, String name) implements Expression {
    @Override
    public Object value(Context context) {
      return Access.attribute(context.eval(owner), name, context);
    }
  }

  record Item(Expression owner, Expression key) implements Expression {
    @Override
    public Object value(Context context) {
      return Access.item(context.eval(owner), context.eval(key), context);
    }
  }

  record Slice(
      Expression owner,
      @Nullable Expression from,
      @Nullable Expression to,
      @Nullable Expression step)
      implements Expression {
    @Override
    public Object value(Context context) {
      return Access.slice(
          context.eval(owner),
          bound(from, context),
          bound(to, context),
          bound(step, context),
          context);
    }

    private static @Nullable Object bound(@Nullable Expression bound, Context context) {
      return bound == null ? null : context.eval(bound);
    }
  }

  record Not(Expression of) implements Expression {
    @Override
    public Object value(Context context) {
      return !context.holds(of);
    }
  }

  record Signed(boolean negative, Expression of) implements Expression {
    @Override
    public Object value(Context context) {
      Object value = context.eval(of);
      Object turned = Arithmetic.negative(value, context);
      return negative ? turned : Arithmetic.negative(turned, context);
    }
  }

  /// `and` and `or` give the operand that decides.
  record Logic(boolean and, Expression left, Expression right) implements Expression {
    @Override
    public Object value(Context context) {
      Object value = context.eval(left);
      return Types.truth(value) == and ? context.eval(right) : value;
    }
  }

  record Operation(String operator, Expression left, Expression right) implements Expression {
    @Override
    public Object value(Context context) {
      return Arithmetic.apply(operator, context.eval(left), context.eval(right), context);
    }
  }

  /// `a ~ b ~ c`
  record Concatenation(List<Expression> parts) implements Expression {
    @Override
    public Object value(Context context) {
      Output out = new Output(context.budget);
      for (Expression part : parts) {
        out.append(context.text(context.eval(part)));
      }
      return out.toString();
    }
  }

  /// `a < b <= c`: each operand is evaluated once.
  record Chain(Expression first, List<String> operators, List<Expression> others)
      implements Expression {
    @Override
    public Object value(Context context) {
      Object left = context.eval(first);
      Iterator<Expression> rights = others.iterator();
      for (String operator : operators) {
        Object right = context.eval(rights.next());
        if (!Comparison.holds(operator, left, right, context)) {
          return false;
        }
        left = right;
      }
      return true;
    }
  }

  record Conditional(Expression condition, Expression then, @Nullable Expression otherwise)
      implements Expression {
    @Override
    public Object value(Context context) {
      if (context.holds(condition)) {
        return context.eval(then);
      }
      return otherwise == null
          ? new Undefined(() -> "the inline if-expression has no else section")
          : context.eval(otherwise);
    }
  }
}
