package dllama.reply;

/// The text of an answer that is still of interest: what was read and not told to anybody, and what
/// is to be read.
final class Window {
  /// Results of [#match] beside the index of what was found.
  static final int NONE = -1;

  static final int MORE = -2;

  private final StringBuilder text = new StringBuilder();

  /// Begin of what was not told.
  private int from;

  /// The next character to be read.
  private int at;

  /// Up to where [#find] has looked in vain since the last read.
  private int searched;

  /// Characters that were looked at, for tests of how the time grows.
  private long looks;

  void append(String more) {
    text.append(more);
  }

  int left() {
    return text.length() - at;
  }

  char peek() {
    return peek(0);
  }

  char peek(int ahead) {
    looks++;
    return text.charAt(at + ahead);
  }

  /// The next characters, which are not read by this.
  String ahead(int count) {
    looks += count;
    return text.substring(at, at + count);
  }

  void skip(int count) {
    at += count;
    searched = at;
  }

  void skipBlanks() {
    while (left() > 0 && isBlank(peek())) {
      skip(1);
    }
  }

  static boolean isBlank(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
  }

  /// What was read is told.
  void told() {
    from = at;
  }

  /// What was read and not told.
  String untold() {
    return text.substring(from, at);
  }

  int held() {
    return text.length() - from;
  }

  /// Reads one of some texts, but for empty ones: its index, [#NONE], or [#MORE] if it can not be
  /// known yet.
  int match(String... literals) {
    int result = NONE;
    for (int i = 0; i < literals.length; i++) {
      int length = literals[i].length();
      int same = common(literals[i], 0);
      if (same == length && length > 0) {
        skip(length);
        return i;
      }
      result = same == left() ? MORE : result;
    }
    return result;
  }

  /// How many characters from a place on are those of a text.
  int common(String literal, int ahead) {
    int most = Math.min(literal.length(), left() - ahead);
    int same = 0;
    while (same < most && peek(ahead + same) == literal.charAt(same)) {
      same++;
    }
    return same;
  }

  /// How many characters at the end may be the beginning of a text.
  int tail(String literal) {
    int length = Math.min(literal.length() - 1, left());
    while (length > 0 && common(literal, left() - length) < length) {
      length--;
    }
    return length;
  }

  /// How far ahead a text stands, or [#NONE]. Does not look twice where it was not.
  ///
  /// @param most how far ahead it may be
  int find(String literal, int most) {
    int begin = Math.max(at, searched - literal.length() + 1);
    int end = (int) Math.min(text.length(), (long) at + most + literal.length());
    int found = NONE;
    if (end == text.length()) {
      found = text.indexOf(literal, begin) - begin;
    } else if (begin < end) {
      found = text.substring(begin, end).indexOf(literal);
    }
    looks += found < 0 ? Math.max(0, end - begin) : found;
    searched = found < 0 ? Math.max(searched, end) : searched;
    return found < 0 ? NONE : begin - at + found;
  }

  /// Forgets what was told.
  void compact() {
    text.delete(0, from);
    at -= from;
    searched = Math.max(at, searched - from);
    from = 0;
  }

  long looks() {
    return looks;
  }
}
