package dllama.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Filters that lay texts out in lines and columns.
final class LayoutFilters {
  private LayoutFilters() {}

  static void addTo(Map<String, Filter> filters) {
    filters.put("indent", LayoutFilters::indent);
    filters.put("center", LayoutFilters::center);
    filters.put("truncate", LayoutFilters::truncate);
    filters.put("wordwrap", LayoutFilters::wordWrap);
  }

  private static boolean flag(@Nullable Object value) {
    return value != null && Types.truth(value);
  }

  private static String text(String filter, Object value, Context context) {
    if (value instanceof String || value instanceof Markup || value instanceof Undefined) {
      return context.text(value);
    }
    throw new TemplateException("%s takes a text, not %s".formatted(filter, Types.name(value)));
  }

  private static String indent(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("indent", 0, "width", "first", "blank");
    Object width = given[0] == null ? 4L : given[0];
    String margin =
        width instanceof String text
            ? text
            : new Output(context.budget).repeat(" ", Arithmetic.index(width)).toString();
    List<String> lines = SplitMethods.lines(text("indent", value, context) + "\n", false, context);
    Output out = new Output(context.budget);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      boolean indented = i == 0 ? flag(given[1]) : flag(given[2]) || !line.isEmpty();
      out.append(i == 0 ? "" : "\n").append(indented ? margin : "").append(line);
    }
    return out.toString();
  }

  private static String center(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("center", 0, "width");
    long width = given[0] == null ? 80 : Arithmetic.index(given[0]);
    return TextMethods.pad("center", context.text(value), width, " ", context);
  }

  private static String truncate(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given =
        arguments.bind("truncate", 0, "length", "killwords", "end", "leeway");
    long length = given[0] == null ? 255 : Arithmetic.index(given[0]);
    String end = given[2] == null ? "..." : context.text(given[2]);
    long leeway = given[3] == null || given[3] == None.NONE ? 5 : Arithmetic.index(given[3]);
    String text = text("truncate", value, context);
    context.budget.text(text.length());
    if (length < Types.length(end) || leeway < 0) {
      throw new TemplateException("truncate takes a length of at least its end's, and a leeway");
    }
    if (Types.length(text) <= length + leeway) {
      return text;
    }
    int kept = text.offsetByCodePoints(0, (int) length - Types.length(end));
    String cut = text.substring(0, kept);
    int blank = flag(given[1]) ? -1 : cut.lastIndexOf(' ');
    return (blank < 0 ? cut : cut.substring(0, blank)) + end;
  }

  private static String wordWrap(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given =
        arguments.bind(
            "wordwrap", 0, "width", "break_long_words", "wrapstring", "break_on_hyphens");
    long width = given[0] == null ? 79 : Arithmetic.index(given[0]);
    if (width <= 0) {
      throw new TemplateException("wordwrap takes a width above 0");
    }
    boolean breaks = given[1] == null || Types.truth(given[1]);
    String end = given[2] == null || given[2] == None.NONE ? "\n" : context.text(given[2]);
    boolean hyphens = given[3] == null || Types.truth(given[3]);
    WordWrap wrap =
        new WordWrap((int) Math.min(width, Integer.MAX_VALUE), breaks, hyphens, context);
    Output out = new Output(context.budget);
    List<String> wrapped = new ArrayList<>();
    for (String line : SplitMethods.lines(text("wordwrap", value, context), false, context)) {
      wrapped.add(String.join(end, wrap.wrapped(line)));
    }
    for (int i = 0; i < wrapped.size(); i++) {
      out.append(i == 0 ? "" : end).append(wrapped.get(i));
    }
    return out.toString();
  }
}
