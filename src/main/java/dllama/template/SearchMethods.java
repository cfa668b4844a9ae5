package dllama.template;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Methods of texts that look for something; places are counted in code points.
final class SearchMethods {
  private SearchMethods() {}

  static void addTo(Map<String, Methods.OfText> methods) {
    methods.put("startswith", (text, given, c) -> bounded(text, given, c, true));
    methods.put("endswith", (text, given, c) -> bounded(text, given, c, false));
    methods.put("find", (text, given, c) -> find("find", text, given, c));
    methods.put("rfind", (text, given, c) -> find("rfind", text, given, c));
    methods.put("index", (text, given, c) -> found(find("find", text, given, c)));
    methods.put("rindex", (text, given, c) -> found(find("rfind", text, given, c)));
    methods.put("count", SearchMethods::count);
  }

  /// A part of a text, and where it begins.
  private record Part(String text, long offset) {}

  private static Part part(String text, @Nullable Object[] given, Context context) {
    if (given[1] == null && given[2] == null) {
      return new Part(text, 0);
    }
    String part = context.text(Access.slice(text, given[1], given[2], null, context));
    long start = given[1] == null || given[1] == None.NONE ? 0 : Arithmetic.index(given[1]);
    int length = Types.length(text);
    return new Part(part, Math.clamp(start < 0 ? start + length : start, 0, length));
  }

  private static boolean bounded(String text, Arguments arguments, Context context, boolean front) {
    String name = front ? "startswith" : "endswith";
    @Nullable Object[] given = arguments.bind(name, 1, "prefix", "start", "end");
    String part = part(text, given, context).text();
    Object sought = arguments.get(0, name);
    List<Object> several =
        sought instanceof Sequence tuple && tuple.kind == Sequence.Kind.TUPLE
            ? tuple.items
            : List.of(sought);
    boolean bounded = false;
    for (Object one : several) {
      if (!(one instanceof String end)) {
        throw new TemplateException(
            "%s takes a text or a tuple of texts, not %s".formatted(name, Types.name(one)));
      }
      bounded |= front ? part.startsWith(end) : part.endsWith(end);
    }
    return bounded;
  }

  private static long find(String name, String text, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind(name, 1, "sub", "start", "end");
    String sought = sought(arguments, name);
    Part part = part(text, given, context);
    int at =
        name.equals("find")
            ? Search.indexOf(part.text(), sought, 0)
            : Search.lastIndexOf(part.text(), sought, part.text().length());
    return at < 0 ? -1 : part.offset() + part.text().codePointCount(0, at);
  }

  private static String sought(Arguments arguments, String name) {
    if (arguments.get(0, name) instanceof String sought) {
      return sought;
    }
    throw new TemplateException("%s looks for a text".formatted(name));
  }

  private static long found(long place) {
    if (place < 0) {
      throw new TemplateException("substring not found");
    }
    return place;
  }

  private static long count(String text, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("count", 1, "sub", "start", "end");
    String sought = sought(arguments, "count");
    String part = part(text, given, context).text();
    if (sought.isEmpty()) {
      return Types.length(part) + 1L;
    }
    long count = 0;
    int at = Search.indexOf(part, sought, 0);
    while (at >= 0) {
      context.budget.step();
      count++;
      at = Search.indexOf(part, sought, at + sought.length());
    }
    return count;
  }
}
