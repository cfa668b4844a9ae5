package dllama.template;

import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Filters that give another text. Whatever they are given counts as it is printed.
final class TextFilters {
  /// A filter without arguments.
  @FunctionalInterface
  private interface Plain {
    Object apply(String text, Context context);
  }

  private TextFilters() {}

  static void addTo(Map<String, Filter> filters) {
    plain(filters, "upper", (text, _) -> text.toUpperCase(Locale.ROOT));
    plain(filters, "lower", (text, _) -> text.toLowerCase(Locale.ROOT));
    plain(filters, "capitalize", (text, _) -> TextMethods.capitalized(text));
    plain(filters, "title", (text, _) -> title(text));
    plain(filters, "string", (text, _) -> text);
    plain(filters, "wordcount", (text, _) -> words(text));
    filters.put("trim", TextFilters::trim);
    filters.put("replace", TextFilters::replace);
    filters.put("format", TextFilters::format);
    filters.put("tojson", JsonText::filter);
    filters.put("pprint", (value, _, context) -> Text.repr(value, context));
  }

  private static void plain(Map<String, Filter> filters, String name, Plain change) {
    filters.put(
        name,
        (value, arguments, context) -> {
          arguments.bind(name, 0);
          String text = context.text(value);
          context.budget.text(text.length());
          return change.apply(text, context);
        });
  }

  /// Words begin at blanks, `-`, and opening brackets.
  private static String title(String text) {
    StringBuilder title = new StringBuilder(text.length());
    int from = 0;
    for (int at = 0; at <= text.length(); at++) {
      boolean separates =
          at < text.length()
              && ("-({[<".indexOf(text.charAt(at)) >= 0 || Blanks.is(text.charAt(at)));
      if (separates || at == text.length()) {
        title.append(TextMethods.capitalized(text.substring(from, at)));
        from = at + 1;
      }
      if (separates) {
        title.append(text.charAt(at));
      }
    }
    return title.toString();
  }

  private static long words(String text) {
    long words = 0;
    boolean inWord = false;
    for (int at = 0; at < text.length(); at++) {
      boolean word = Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '_';
      words += word && !inWord ? 1 : 0;
      inWord = word;
    }
    return words;
  }

  private static String trim(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("trim", 0, "chars");
    String text = context.text(value);
    context.budget.text(text.length());
    return TextMethods.strip(text, given[0], true, true);
  }

  private static String replace(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("replace", 2, "old", "new", "count");
    String old = context.text(given[0] == null ? "" : given[0]);
    String with = context.text(given[1] == null ? "" : given[1]);
    boolean all = given[2] == null || given[2] == None.NONE;
    long count = all || given[2] == null ? -1 : Arithmetic.index(given[2]);
    return Search.replace(context.text(value), old, with, count, context);
  }

  private static String format(Object value, Arguments arguments, Context context) {
    if (!arguments.named().isEmpty()) {
      if (!arguments.positional().isEmpty()) {
        throw new TemplateException("format takes positional or keyword arguments, not both");
      }
      Dict named = new Dict();
      arguments.named().forEach(named::put);
      return PercentFormat.format(context.text(value), named, context);
    }
    return PercentFormat.format(
        context.text(value), new Sequence(Sequence.Kind.TUPLE, arguments.positional()), context);
  }
}
