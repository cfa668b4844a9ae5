package dllama.template;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Variables, seen from inside: what a scope has not is looked for in the one around it.
final class Scope {
  private final @Nullable Scope around;
  private final Map<String, Object> variables;

  Scope(@Nullable Scope around) {
    this(around, new HashMap<>(8));
  }

  Scope(@Nullable Scope around, Map<String, Object> variables) {
    this.around = around;
    this.variables = variables;
  }

  @Nullable Object get(String name) {
    for (Scope scope = this; scope != null; scope = scope.around) {
      Object value = scope.variables.get(name);
      if (value != null) {
        return value;
      }
    }
    return null;
  }

  void set(String name, Object value) {
    variables.put(name, value);
  }
}
