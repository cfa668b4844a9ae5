package dllama.template;

import java.util.HashMap;
import java.util.Map;

/// The filters by name: Jinja's, but for `urlize`.
final class Filters {
  private static final Map<String, Filter> ALL = new HashMap<>();

  static {
    TextFilters.addTo(ALL);
    LayoutFilters.addTo(ALL);
    EscapeFilters.addTo(ALL);
    NumberFilters.addTo(ALL);
    ElementFilters.addTo(ALL);
    OrderFilters.addTo(ALL);
    SelectFilters.addTo(ALL);
  }

  private Filters() {}

  static boolean has(String name) {
    return ALL.containsKey(name);
  }

  static Filter named(String name) {
    Filter filter = ALL.get(name);
    if (filter == null) {
      throw new TemplateException("no filter named '%s'".formatted(name));
    }
    return filter;
  }
}
