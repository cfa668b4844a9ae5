package dllama.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Tells what in a rendered prompt was given to the template. Names of special tokens begin with
/// `<` or `[`; in what is given these two are replaced by characters that nobody uses, and put back
/// in the output.
///
/// What the template looks for in texts, such as `</think>`, stays as it is, or the template would
/// make something else of them.
final class SaidMarks {
  /// Two letters of Linear A, in a row for each try; they are printed, escaped and changed by
  /// nothing.
  private static final int FIRST = 0x10600;

  private static final int TRIES = 64;
  private static final String MARKED = "<[";

  private final List<String> sought;
  private final int base;

  private SaidMarks(List<String> sought, int base) {
    this.sought = sought;
    this.base = base;
  }

  /// Marks for texts in which none of them is; null if all are.
  static @Nullable SaidMarks of(Map<String, ? extends @Nullable Object> input, Set<String> sought) {
    String all = String.valueOf(input);
    List<String> kept =
        sought.stream().filter(text -> text.contains("<") || text.contains("[")).toList();
    for (int i = 0; i < TRIES; i++) {
      int base = FIRST + 2 * i;
      if (all.indexOf(base) < 0 && all.indexOf(base + 1) < 0) {
        return new SaidMarks(kept, base);
      }
    }
    return null;
  }

  Map<String, @Nullable Object> marked(Map<String, ? extends @Nullable Object> input) {
    Map<String, @Nullable Object> marked = new LinkedHashMap<>();
    // A text by itself is a setting, `bos_token` for one; what people say stands in messages.
    input.forEach(
        (name, value) -> marked.put(name, value instanceof String ? value : value(value, 0)));
    return marked;
  }

  private @Nullable Object value(@Nullable Object given, int depth) {
    if (depth > Limits.VALUE_DEPTH) {
      return given; // refused by the template
    }
    return switch (given) {
      case String text -> text(text);
      case List<?> list -> {
        List<@Nullable Object> marked = new ArrayList<>(list.size());
        list.forEach(item -> marked.add(value(item, depth + 1)));
        yield marked;
      }
      case Map<?, ?> map -> {
        Map<Object, @Nullable Object> marked = new LinkedHashMap<>();
        map.forEach((key, item) -> marked.put(text(String.valueOf(key)), value(item, depth + 1)));
        yield marked;
      }
      case null, default -> given;
    };
  }

  private String text(String given) {
    if (given.indexOf('<') < 0 && given.indexOf('[') < 0) {
      return given;
    }
    StringBuilder marked = new StringBuilder(given.length() + 16);
    for (int at = 0; at < given.length(); ) {
      int kept = kept(given, at);
      int mark = MARKED.indexOf(given.charAt(at));
      if (kept > 0) {
        marked.append(given, at, at + kept);
      } else if (mark >= 0) {
        marked.appendCodePoint(base + mark);
      } else {
        marked.append(given.charAt(at));
      }
      at += Math.max(1, kept);
    }
    return marked.toString();
  }

  private int kept(String text, int at) {
    int longest = 0;
    for (String known : sought) {
      if (known.length() > longest && text.startsWith(known, at)) {
        longest = known.length();
      }
    }
    return longest;
  }

  /// The parts of an output.
  List<PromptPart> parts(String output) {
    List<PromptPart> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    boolean said = false;
    for (int at = 0; at < output.length(); ) {
      int c = output.codePointAt(at);
      int mark = c - base;
      boolean marked = mark >= 0 && mark < MARKED.length();
      if (marked != said && !part.isEmpty()) {
        parts.add(new PromptPart(part.toString(), said));
        part.setLength(0);
      }
      said = marked;
      part.appendCodePoint(marked ? MARKED.charAt(mark) : c);
      at += Character.charCount(c);
    }
    if (!part.isEmpty()) {
      parts.add(new PromptPart(part.toString(), said));
    }
    return parts;
  }
}
