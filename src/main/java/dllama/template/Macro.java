package dllama.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A macro, or the body of a `call` block: statements with parameters, and the scope in which they
/// stand.
record Macro(Definition definition, Scope scope) implements Callable, Attributes {
  /// What its tag says.
  ///
  /// @param defaults of the last parameters
  /// @param uses names in the body, which tell whether it takes `caller`, `varargs` and `kwargs`
  record Definition(
      String name,
      List<String> parameters,
      List<Expression> defaults,
      Set<String> uses,
      List<Statement> body) {
    boolean uses(String name) {
      return uses.contains(name) && !parameters.contains(name);
    }

    @Nullable Expression fallback(int parameter) {
      int index = parameter - (parameters.size() - defaults.size());
      return index < 0 ? null : defaults.get(index);
    }
  }

  @Override
  public Object call(Arguments arguments, Context context) {
    context.budget.enter();
    Scope inner = new Scope(scope);
    String text =
        context.in(
            inner,
            () -> {
              bind(arguments, inner, context);
              return context.written(() -> context.run(definition.body()));
            });
    context.budget.leave();
    return text;
  }

  private void bind(Arguments arguments, Scope inner, Context context) {
    List<String> parameters = definition.parameters();
    int given = arguments.positional().size();
    for (int i = 0; i < parameters.size(); i++) {
      Object named = arguments.named().get(parameters.get(i));
      if (named != null && i < given) {
        throw new TemplateException(
            "%s got multiple values for argument '%s'".formatted(shown(), parameters.get(i)));
      }
      Object value = i < given ? arguments.positional().get(i) : named;
      if (value != null) {
        inner.set(parameters.get(i), value);
      }
    }
    bindRest(arguments, inner);
    bindDefaults(arguments, inner, context);
  }

  private void bindDefaults(Arguments arguments, Scope inner, Context context) {
    List<String> parameters = definition.parameters();
    for (int i = arguments.positional().size(); i < parameters.size(); i++) {
      String name = parameters.get(i);
      if (!arguments.named().containsKey(name)) {
        Expression fallback = definition.fallback(i);
        inner.set(
            name,
            fallback == null
                ? new Undefined(() -> "parameter '%s' was not provided".formatted(name))
                : context.eval(fallback));
      }
    }
  }

  /// What no parameter takes.
  private void bindRest(Arguments arguments, Scope inner) {
    List<String> parameters = definition.parameters();
    Dict others = new Dict();
    Object caller = null;
    for (var argument : arguments.named().entrySet()) {
      if (argument.getKey().equals("caller") && definition.uses("caller")) {
        caller = argument.getValue();
      } else if (!parameters.contains(argument.getKey())) {
        others.put(argument.getKey(), argument.getValue());
      }
    }
    if (definition.uses("caller")) {
      inner.set("caller", caller == null ? new Undefined(() -> "no caller defined") : caller);
    }
    if (definition.uses("kwargs")) {
      inner.set("kwargs", others);
    } else if (others.size() > 0) {
      throw new TemplateException(
          "%s takes no keyword argument '%s'".formatted(shown(), others.keys().getFirst()));
    }
    List<Object> more =
        arguments
            .positional()
            .subList(
                Math.min(parameters.size(), arguments.positional().size()),
                arguments.positional().size());
    if (definition.uses("varargs")) {
      inner.set("varargs", new Sequence(Sequence.Kind.TUPLE, more));
    } else if (!more.isEmpty()) {
      throw new TemplateException(
          "%s takes not more than %d argument(s)".formatted(shown(), parameters.size()));
    }
  }

  private String shown() {
    return "macro " + shownName();
  }

  String shownName() {
    return definition.name().isEmpty() ? "anonymous" : "'" + definition.name() + "'";
  }

  @Override
  public @Nullable Object attribute(String name, Context context) {
    return switch (name) {
      case "name" -> definition.name().isEmpty() ? None.NONE : definition.name();
      case "arguments" ->
          new Sequence(Sequence.Kind.TUPLE, new ArrayList<>(definition.parameters()));
      case "catch_kwargs" -> definition.uses("kwargs");
      case "catch_varargs" -> definition.uses("varargs");
      case "caller" -> definition.uses("caller");
      default -> null;
    };
  }
}
