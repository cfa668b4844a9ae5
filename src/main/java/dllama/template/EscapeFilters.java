package dllama.template;

import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Filters for HTML and URLs.
final class EscapeFilters {
  private EscapeFilters() {}

  static void addTo(Map<String, Filter> filters) {
    filters.put("escape", EscapeFilters::escape);
    filters.put("e", EscapeFilters::escape);
    filters.put("forceescape", (value, _, c) -> escaped(c.text(value), c));
    filters.put("safe", (value, _, c) -> new Markup(c.text(value)));
    filters.put("striptags", EscapeFilters::stripTags);
    filters.put("urlencode", EscapeFilters::urlEncode);
    filters.put("xmlattr", EscapeFilters::xmlAttributes);
  }

  private static Markup escape(Object value, Arguments arguments, Context context) {
    arguments.bind("escape", 0);
    return value instanceof Markup done ? done : escaped(context.text(value), context);
  }

  private static Markup escaped(String text, Context context) {
    context.budget.text(6L * text.length());
    return new Markup(Markup.escape(text));
  }

  /// Without tags and comments, blanks joined, entities resolved.
  private static String stripTags(Object value, Arguments arguments, Context context) {
    arguments.bind("striptags", 0);
    String text = context.text(value);
    context.budget.text(text.length());
    String plain = without(without(text, "<!--", "-->"), "<", ">");
    StringBuilder joined = new StringBuilder();
    for (String word : plain.split("\\s+", -1)) {
      joined.append(joined.isEmpty() || word.isEmpty() ? "" : " ").append(word);
    }
    return joined
        .toString()
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
  }

  private static String without(String text, String from, String to) {
    StringBuilder left = new StringBuilder();
    int at = 0;
    int begin = text.indexOf(from);
    while (begin >= 0) {
      int end = text.indexOf(to, begin);
      if (end < 0) {
        break;
      }
      left.append(text, at, begin);
      at = end + to.length();
      begin = text.indexOf(from, at);
    }
    return left.append(text.substring(at)).toString();
  }

  private static String urlEncode(Object value, Arguments arguments, Context context) {
    arguments.bind("urlencode", 0);
    if (!(value instanceof Dict) && !(value instanceof Sequence)) {
      return quoted(context.text(value), false, context);
    }
    Output out = new Output(context.budget);
    List<Object> pairs = value instanceof Dict dict ? dict.items() : Iteration.all(value, context);
    String separator = "";
    for (Object pair : pairs) {
      List<Object> both = Iteration.all(pair, context);
      if (both.size() != 2) {
        throw new TemplateException("urlencode takes pairs");
      }
      out.append(separator).append(quoted(context.text(both.get(0)), true, context));
      out.append("=").append(quoted(context.text(both.get(1)), true, context));
      separator = "&";
    }
    return out.toString();
  }

  private static String quoted(String text, boolean query, Context context) {
    Output out = new Output(context.budget);
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xFF);
      boolean plain = c < 128 && (Character.isLetterOrDigit(c) || "_.-~".indexOf(c) >= 0);
      if (plain || (c == '/' && !query)) {
        out.append(c);
      } else if (c == ' ' && query) {
        out.append('+');
      } else {
        out.append("%%%02X".formatted((int) c));
      }
    }
    return out.toString();
  }

  private static String xmlAttributes(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("xmlattr", 0, "autospace");
    if (!(value instanceof Dict dict)) {
      throw new TemplateException("xmlattr takes a mapping");
    }
    Output out = new Output(context.budget);
    String separator = given[0] == null || Types.truth(given[0]) ? " " : "";
    Iterator<Dict.Entry> entries = dict.entries().iterator();
    while (entries.hasNext()) {
      Dict.Entry entry = entries.next();
      if (entry.value() == None.NONE || entry.value() instanceof Undefined) {
        continue;
      }
      String key = context.text(entry.key());
      if (key.chars().anyMatch(c -> Blanks.is(c) || c == '/' || c == '>' || c == '=')) {
        throw new TemplateException("xmlattr: an attribute has an invalid name");
      }
      out.append(separator).append(Markup.escape(key)).append("=\"");
      out.append(escape(entry.value(), Arguments.NONE, context).text()).append("\"");
      separator = " ";
    }
    return out.toString();
  }
}
