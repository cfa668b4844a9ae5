package dllama.template;

import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Methods of texts that give another text.
final class TextMethods {
  private TextMethods() {}

  static void addTo(Map<String, Methods.OfText> methods) {
    plain(methods, "upper", text -> text.toUpperCase(Locale.ROOT));
    plain(methods, "lower", text -> text.toLowerCase(Locale.ROOT));
    plain(methods, "casefold", text -> text.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT));
    plain(methods, "capitalize", TextMethods::capitalized);
    plain(methods, "title", TextMethods::title);
    plain(methods, "swapcase", TextMethods::swapped);
    methods.put("strip", (text, given, _) -> strip("strip", text, given, true, true));
    methods.put("lstrip", (text, given, _) -> strip("lstrip", text, given, true, false));
    methods.put("rstrip", (text, given, _) -> strip("rstrip", text, given, false, true));
    methods.put("replace", TextMethods::replace);
    methods.put("join", TextMethods::join);
    methods.put("format", BraceFormat::format);
    methods.put("format_map", BraceFormat::formatMap);
    methods.put("removeprefix", (text, given, _) -> without(text, given, true));
    methods.put("removesuffix", (text, given, _) -> without(text, given, false));
    methods.put("center", (text, given, c) -> padded("center", text, given, c));
    methods.put("ljust", (text, given, c) -> padded("ljust", text, given, c));
    methods.put("rjust", (text, given, c) -> padded("rjust", text, given, c));
    methods.put("zfill", TextMethods::zeros);
    methods.put("expandtabs", TextMethods::expandTabs);
  }

  private static void plain(
      Map<String, Methods.OfText> methods, String name, UnaryOperator<String> change) {
    methods.put(
        name,
        (text, arguments, context) -> {
          arguments.bind(name, 0);
          context.budget.text(text.length());
          return change.apply(text);
        });
  }

  static String capitalized(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.offsetByCodePoints(0, 1);
    return titleCase(text.substring(0, first)) + text.substring(first).toLowerCase(Locale.ROOT);
  }

  private static String titleCase(String character) {
    int c = character.codePointAt(0);
    int title = Character.toTitleCase(c);
    return title != c ? Character.toString(title) : character.toUpperCase(Locale.ROOT);
  }

  private static String title(String text) {
    StringBuilder title = new StringBuilder(text.length());
    boolean inWord = false;
    for (int at = 0; at < text.length(); ) {
      int c = text.codePointAt(at);
      String character = Character.toString(c);
      title.append(inWord ? character.toLowerCase(Locale.ROOT) : titleCase(character));
      inWord = Character.isLetter(c);
      at += Character.charCount(c);
    }
    return title.toString();
  }

  private static String swapped(String text) {
    StringBuilder swapped = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              String character = Character.toString(c);
              swapped.append(
                  Character.isUpperCase(c)
                      ? character.toLowerCase(Locale.ROOT)
                      : character.toUpperCase(Locale.ROOT));
            });
    return swapped.toString();
  }

  private static String strip(
      String name, String text, Arguments arguments, boolean left, boolean right) {
    @Nullable Object[] given = arguments.bind(name, 0, "chars");
    return strip(text, given[0], left, right);
  }

  /// Without these characters at its ends; without blanks for none.
  static String strip(String text, @Nullable Object characters, boolean left, boolean right) {
    if (characters != null && characters != None.NONE && !(characters instanceof String)) {
      throw new TemplateException("strip takes the characters as a text");
    }
    String unwanted = characters instanceof String given ? given : null;
    int from = 0;
    int to = text.length();
    while (left && from < to && goes(text.codePointAt(from), unwanted)) {
      from += Character.charCount(text.codePointAt(from));
    }
    while (right && to > from && goes(text.codePointBefore(to), unwanted)) {
      to -= Character.charCount(text.codePointBefore(to));
    }
    return text.substring(from, to);
  }

  private static boolean goes(int c, @Nullable String unwanted) {
    return unwanted == null ? Blanks.is(c) : unwanted.indexOf(c) >= 0;
  }

  private static String replace(String text, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("replace", 2, "old", "new", "count");
    if (!(given[0] instanceof String old) || !(given[1] instanceof String with)) {
      throw new TemplateException("replace takes two texts");
    }
    long count = given[2] == null ? -1 : Arithmetic.index(given[2]);
    return Search.replace(text, old, with, count, context);
  }

  private static String join(String text, Arguments arguments, Context context) {
    Iterator<Object> items = Iteration.of(arguments.get(0, "join"), context);
    Output out = new Output(context.budget);
    String separator = "";
    while (items.hasNext()) {
      if (!(items.next() instanceof String item)) {
        throw new TemplateException("join takes texts only");
      }
      out.append(separator).append(item);
      separator = text;
    }
    return out.toString();
  }

  private static String without(String text, Arguments arguments, boolean front) {
    if (!(arguments.get(0, "removeprefix") instanceof String part)) {
      throw new TemplateException("removeprefix and removesuffix take a text");
    }
    if (front) {
      return text.startsWith(part) ? text.substring(part.length()) : text;
    }
    return text.endsWith(part) ? text.substring(0, text.length() - part.length()) : text;
  }

  private static String padded(String name, String text, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind(name, 1, "width", "fillchar");
    String fill = given[1] == null ? " " : context.text(given[1]);
    if (Types.length(fill) != 1) {
      throw new TemplateException("the fill character must be exactly one character long");
    }
    return pad(name, text, Arithmetic.index(arguments.get(0, name)), fill, context);
  }

  static String pad(String how, String text, long width, String fill, Context context) {
    long missing = Math.max(0, width - Types.length(text));
    long left =
        switch (how) {
          case "ljust" -> 0;
          case "rjust" -> missing;
          // Python's: the odd one goes left where the width is odd.
          default -> missing / 2 + (missing & width & 1);
        };
    return new Output(context.budget)
        .repeat(fill, left)
        .append(text)
        .repeat(fill, missing - left)
        .toString();
  }

  private static String zeros(String text, Arguments arguments, Context context) {
    long width = Arithmetic.index(arguments.get(0, "zfill"));
    boolean signed = text.startsWith("-") || text.startsWith("+");
    return new Output(context.budget)
        .append(signed ? text.substring(0, 1) : "")
        .repeat("0", Math.max(0, width - Types.length(text)))
        .append(signed ? text.substring(1) : text)
        .toString();
  }

  private static String expandTabs(String text, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("expandtabs", 0, "tabsize");
    long size = given[0] == null ? 8 : Math.max(0, Arithmetic.index(given[0]));
    Output out = new Output(context.budget);
    long column = 0;
    for (int at = 0; at < text.length(); ) {
      int c = text.codePointAt(at);
      at += Character.charCount(c);
      if (c == '\t') {
        long blanks = size == 0 ? 0 : size - column % size;
        out.repeat(" ", blanks);
        column += blanks;
      } else {
        out.append(Character.toString(c));
        column = c == '\n' || c == '\r' ? 0 : column + 1;
      }
    }
    return out.toString();
  }
}
