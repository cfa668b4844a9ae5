package dllama.template;

import java.util.LinkedHashMap;
import java.util.Map;

/// What defines macros.
final class MacroStatements {
  private MacroStatements() {}

  record Define(int line, Macro.Definition macro) implements Statement {
    @Override
    public Flow run(Context context) {
      context.scope().set(macro.name(), new Macro(macro, context.scope()));
      return Flow.NEXT;
    }
  }

  /// `{% call %}`: calls a macro that may ask for the body with `caller()`.
  record CallBlock(int line, Calls.Call call, Macro.Definition caller) implements Statement {
    @Override
    public Flow run(Context context) {
      Object function = context.eval(call.function());
      Arguments given = call.given().arguments(context);
      Map<String, Object> named = new LinkedHashMap<>(given.named());
      named.put("caller", new Macro(caller, context.scope()));
      Object text = Calls.call(function, new Arguments(given.positional(), named), context);
      context.out().append(context.text(text));
      return Flow.NEXT;
    }
  }
}
