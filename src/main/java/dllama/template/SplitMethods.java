package dllama.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Methods of texts that cut them.
final class SplitMethods {
  private SplitMethods() {}

  static void addTo(Map<String, Methods.OfText> methods) {
    methods.put("split", (text, given, c) -> split(text, given, c, false));
    methods.put("rsplit", (text, given, c) -> split(text, given, c, true));
    methods.put("splitlines", SplitMethods::splitLines);
    methods.put("partition", (text, given, _) -> partition(text, given, false));
    methods.put("rpartition", (text, given, _) -> partition(text, given, true));
  }

  private static Sequence split(
      String text, Arguments arguments, Context context, boolean fromEnd) {
    @Nullable Object[] given = arguments.bind("split", 0, "sep", "maxsplit");
    long count = given[1] == null ? -1 : Arithmetic.index(given[1]);
    long most = count < 0 ? Long.MAX_VALUE : count;
    Object separator = given[0];
    context.budget.text(text.length());
    if (separator == null || separator == None.NONE) {
      return words(text, most, context, fromEnd);
    }
    if (!(separator instanceof String given0)) {
      throw new TemplateException("split takes the separator as a text");
    }
    if (given0.isEmpty()) {
      throw new TemplateException("empty separator");
    }
    return fromEnd ? atLast(text, given0, most, context) : atFirst(text, given0, most, context);
  }

  private static Sequence atFirst(String text, String separator, long most, Context context) {
    List<Object> parts = new ArrayList<>();
    int from = 0;
    int found = Search.indexOf(text, separator, 0);
    while (found >= 0 && parts.size() < most) {
      context.budget.elements(1);
      parts.add(text.substring(from, found));
      from = found + separator.length();
      found = Search.indexOf(text, separator, from);
    }
    parts.add(text.substring(from));
    return Sequence.list(parts);
  }

  private static Sequence atLast(String text, String separator, long most, Context context) {
    List<Object> parts = new ArrayList<>();
    int to = text.length();
    int found = Search.lastIndexOf(text, separator, to - separator.length());
    while (found >= 0 && parts.size() < most) {
      context.budget.elements(1);
      if (separator.length() > 32) {
        context.budget.read(text); // such a search begins at the front
      }
      parts.add(text.substring(found + separator.length(), to));
      to = found;
      int last = to - separator.length();
      found = last < 0 ? -1 : Search.lastIndexOf(text, separator, last);
    }
    parts.add(text.substring(0, to));
    Collections.reverse(parts);
    return Sequence.list(parts);
  }

  /// Words with blanks between; what is left after the last cut keeps its blanks at the far end.
  private static Sequence words(String text, long most, Context context, boolean fromEnd) {
    List<Object> words = new ArrayList<>();
    int from = fromEnd ? 0 : Blanks.skip(text, 0);
    int to = fromEnd ? Blanks.stripEnd(text).length() : text.length();
    while (from < to) {
      context.budget.elements(1);
      if (words.size() >= most) {
        words.add(text.substring(from, to));
        break;
      }
      int cut = fromEnd ? wordStart(text, to) : wordEnd(text, from);
      words.add(fromEnd ? text.substring(cut, to) : text.substring(from, cut));
      if (fromEnd) {
        to = cut;
        while (to > 0 && Blanks.is(text.charAt(to - 1))) {
          to--;
        }
      } else {
        from = Blanks.skip(text, cut);
      }
    }
    if (fromEnd) {
      Collections.reverse(words);
    }
    return Sequence.list(words);
  }

  private static int wordEnd(String text, int from) {
    int end = from;
    while (end < text.length() && !Blanks.is(text.charAt(end))) {
      end++;
    }
    return end;
  }

  private static int wordStart(String text, int to) {
    int start = to;
    while (start > 0 && !Blanks.is(text.charAt(start - 1))) {
      start--;
    }
    return start;
  }

  private static Sequence splitLines(String text, Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("splitlines", 0, "keepends");
    return Sequence.list(
        new ArrayList<>(lines(text, given[0] != null && Types.truth(given[0]), context)));
  }

  /// The lines of a text; a line end at its end begins no other one.
  static List<String> lines(String text, boolean keepEnds, Context context) {
    context.budget.text(text.length());
    List<String> lines = new ArrayList<>();
    int from = 0;
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if (!endsLine(c)) {
        continue;
      }
      int next = c == '\r' && text.startsWith("\n", at + 1) ? at + 2 : at + 1;
      context.budget.elements(1);
      lines.add(text.substring(from, keepEnds ? next : at));
      from = next;
      at = next - 1;
    }
    if (from < text.length()) {
      lines.add(text.substring(from));
    }
    return lines;
  }

  private static boolean endsLine(char c) {
    return (c >= '\n' && c <= '\r')
        || (c >= 0x1C && c <= 0x1E)
        || c == 0x85
        || c == 0x2028
        || c == 0x2029;
  }

  private static Sequence partition(String text, Arguments arguments, boolean last) {
    if (!(arguments.get(0, "partition") instanceof String separator) || separator.isEmpty()) {
      throw new TemplateException("partition takes a text that is not empty");
    }
    int at =
        last
            ? Search.lastIndexOf(text, separator, text.length())
            : Search.indexOf(text, separator, 0);
    if (at < 0) {
      return last ? Sequence.tuple("", "", text) : Sequence.tuple(text, "", "");
    }
    return Sequence.tuple(
        text.substring(0, at), separator, text.substring(at + separator.length()));
  }
}
