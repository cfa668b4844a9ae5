package dllama.template;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The one value that templates can change: `namespace(a=1)` and `{% set ns.a = 2 %}`.
final class Namespace implements Attributes {
  final Map<String, Object> values = new LinkedHashMap<>();

  @Override
  public @Nullable Object attribute(String name, Context context) {
    return values.get(name);
  }
}
