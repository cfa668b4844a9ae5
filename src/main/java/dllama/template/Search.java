package dllama.template;

/// Looks for texts in texts, in linear time: the JDK's search takes n × m steps where both consist
/// of repetitions.
final class Search {
  /// Up to this length the JDK's search is linear enough, and much quicker.
  private static final int SHORT = 32;

  private Search() {}

  static int indexOf(String text, String sought, int from) {
    if (sought.length() <= SHORT) {
      return text.indexOf(sought, from);
    }
    if (text.length() - from < sought.length()) {
      return -1;
    }
    return indexOf(text, sought, from, borders(sought));
  }

  /// Knuth, Morris and Pratt.
  private static int indexOf(String text, String sought, int from, int[] borders) {
    int matched = 0;
    for (int at = from; at < text.length(); at++) {
      while (matched > 0 && text.charAt(at) != sought.charAt(matched)) {
        matched = borders[matched - 1];
      }
      if (text.charAt(at) == sought.charAt(matched)) {
        matched++;
      }
      if (matched == sought.length()) {
        return at - matched + 1;
      }
    }
    return -1;
  }

  /// For each beginning of a text, the longest shorter beginning that it ends with.
  private static int[] borders(String text) {
    int[] borders = new int[text.length()];
    int length = 0;
    for (int i = 1; i < borders.length; i++) {
      while (length > 0 && text.charAt(i) != text.charAt(length)) {
        length = borders[length - 1];
      }
      if (text.charAt(i) == text.charAt(length)) {
        length++;
      }
      borders[i] = length;
    }
    return borders;
  }

  static int lastIndexOf(String text, String sought, int from) {
    if (sought.length() <= SHORT) {
      return text.lastIndexOf(sought, from);
    }
    int end = Math.min(text.length(), from + sought.length());
    String turned = new StringBuilder(text.substring(0, end)).reverse().toString();
    int found = indexOf(turned, new StringBuilder(sought).reverse().toString(), 0);
    return found < 0 ? -1 : end - found - sought.length();
  }

  /// A text with the first `count` occurrences replaced; all for a negative count.
  static String replace(String text, String old, String with, long count, Context context) {
    context.budget.read(text);
    Output out = new Output(context.budget);
    long left = count < 0 ? Long.MAX_VALUE : count;
    int done = 0;
    int at = 0;
    while (left-- > 0) {
      // Nothing is found between all characters, and at the end.
      int found = old.isEmpty() ? (at > text.length() ? -1 : at) : indexOf(text, old, at);
      if (found < 0) {
        break;
      }
      out.append(text.substring(done, found)).append(with);
      done = found + old.length();
      at = old.isEmpty() ? next(text, found) : done;
    }
    return out.append(text.substring(Math.min(done, text.length()))).toString();
  }

  private static int next(String text, int at) {
    return at < text.length() ? at + Character.charCount(text.codePointAt(at)) : at + 1;
  }
}
