package dllama.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Calls of functions, filters and tests.
final class Calls {
  private Calls() {}

  /// What stands in the parentheses of a call.
  record Given(
      List<Expression> positional,
      Map<String, Expression> named,
      @Nullable Expression list,
      @Nullable Expression dict) {
    static final Given NOTHING = new Given(List.of(), Map.of(), null, null);

    Arguments arguments(Context context) {
      if (positional.isEmpty() && named.isEmpty() && list == null && dict == null) {
        return Arguments.NONE;
      }
      context.budget.elements(positional.size() + named.size());
      List<Object> values = new ArrayList<>(positional.size());
      for (Expression argument : positional) {
        values.add(context.eval(argument));
      }
      if (list != null) {
        List<Object> more = Iteration.all(context.eval(list), context);
        context.budget.elements(more.size());
        values.addAll(more);
      }
      Map<String, Object> byName = new LinkedHashMap<>();
      named.forEach((name, argument) -> byName.put(name, context.eval(argument)));
      if (dict != null) {
        addAll(context.eval(dict), byName, context);
      }
      return new Arguments(values, byName);
    }

    private static void addAll(Object given, Map<String, Object> byName, Context context) {
      if (!(given instanceof Dict more)) {
        throw new TemplateException("argument after ** must be a mapping");
      }
      context.budget.elements(more.size());
      for (Dict.Entry entry : more.entries()) {
        if (byName.put(context.text(entry.key()), entry.value()) != null) {
          throw new TemplateException(
              "got multiple values for argument '%s'".formatted(context.text(entry.key())));
        }
      }
    }
  }

  record Call(Expression function, Given given) implements Expression {
    @Override
    public Object value(Context context) {
      return call(context.eval(function), given.arguments(context), context);
    }
  }

  static Object call(Object function, Arguments arguments, Context context) {
    return switch (function) {
      case Callable callable -> callable.call(arguments, context);
      case Undefined undefined -> throw undefined.failure();
      default ->
          throw new TemplateException(
              "'%s' object is not callable".formatted(Types.name(function)));
    };
  }

  /// A filter, and what it is given beside its input.
  record Filtering(String name, Given given) {
    Object apply(Object input, Context context) {
      return Filters.named(name).apply(input, given.arguments(context), context);
    }
  }

  record Filtered(Expression input, Filtering filter) implements Expression {
    @Override
    public Object value(Context context) {
      return filter.apply(context.eval(input), context);
    }
  }

  record Tested(Expression input, String test, Given given) implements Expression {
    @Override
    public Object value(Context context) {
      return Tests.named(test).holds(context.eval(input), given.arguments(context), context);
    }
  }
}
