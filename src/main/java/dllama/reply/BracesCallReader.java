package dllama.reply;

/// Reads a call of a [BracesSyntax]. It is told when it is complete.
final class BracesCallReader implements CallReader {
  private enum State {
    HEAD,
    NAME,
    /// Of an argument, or of what an object in an argument has; or the end of an object.
    KEY,
    QUOTED_KEY,
    COLON,
    VALUE,
    TEXT,
    WORD,
    AFTER,
    CLOSE
  }

  private static final int LONGEST_NAME = 256;
  private static final int MOST_DEPTH = 64;

  private final BracesSyntax syntax;
  private State state = State.HEAD;
  private final StringBuilder name = new StringBuilder();
  private final StringBuilder json = new StringBuilder();

  /// A key or a word that is being read.
  private final StringBuilder piece = new StringBuilder();

  /// Brackets that are open.
  private final StringBuilder open = new StringBuilder();

  /// Whether what is left may be the beginning of a marker.
  private boolean waits;

  BracesCallReader(BracesSyntax syntax) {
    this.syntax = syntax;
  }

  @Override
  public Progress read(Window text, Calls calls) {
    while (text.left() > 0) {
      Progress progress =
          switch (state) {
            case HEAD -> marker(text, syntax.head(), State.NAME);
            case TEXT, QUOTED_KEY -> quoted(text);
            case CLOSE -> close(text, calls);
            case KEY, VALUE -> startsQuoted(text);
            default -> next(text);
          };
      boolean waited = waits;
      waits = false;
      if (progress != Progress.MORE || waited) {
        return progress;
      }
    }
    return Progress.MORE;
  }

  /// Reads a marker that has to come, white space in front of it left out.
  private Progress marker(Window text, String marker, State then) {
    text.skipBlanks();
    if (text.left() == 0) {
      return Progress.MORE;
    }
    int found = text.match(marker);
    waits = found == Window.MORE;
    state = found >= 0 ? then : state;
    return found == Window.NONE ? Progress.BROKEN : Progress.MORE;
  }

  private Progress close(Window text, Calls calls) {
    text.skipBlanks();
    if (text.left() == 0) {
      return Progress.MORE;
    }
    int found = text.match(syntax.close());
    waits = found == Window.MORE;
    if (found < 0) {
      return waits ? Progress.MORE : Progress.BROKEN;
    }
    calls.begin(name.toString());
    calls.arguments(json);
    calls.whole();
    calls.end();
    return Progress.DONE;
  }

  /// Where a quote may stand.
  private Progress startsQuoted(Window text) {
    text.skipBlanks();
    if (text.left() == 0) {
      return Progress.MORE;
    }
    int found = piece.isEmpty() ? text.match(syntax.quote()) : Window.NONE;
    waits = found == Window.MORE;
    if (found >= 0) {
      state = state == State.KEY ? State.QUOTED_KEY : State.TEXT;
      json.append('"');
      return Progress.MORE;
    }
    return waits ? Progress.MORE : next(text);
  }

  private Progress quoted(Window text) {
    int found = text.match(syntax.quote());
    waits = found == Window.MORE;
    if (found >= 0) {
      json.append('"');
      state = state == State.TEXT ? State.AFTER : State.COLON;
    } else if (!waits) {
      json.append(JsonStrings.escaped(String.valueOf(text.peek())));
      text.skip(1);
    }
    return Progress.MORE;
  }

  /// Reads a character.
  private Progress next(Window text) {
    char c = text.peek();
    text.skip(1);
    boolean fits =
        switch (state) {
          case NAME -> name(c);
          case KEY -> key(c);
          case COLON -> Window.isBlank(c) || colon(c);
          case VALUE -> value(c);
          case WORD -> word(c);
          case AFTER -> Window.isBlank(c) || after(c);
          default -> false;
        };
    return fits ? Progress.MORE : Progress.BROKEN;
  }

  private boolean name(char c) {
    if (c == '{') {
      return Calls.isName(name.toString()) && opens(c);
    }
    name.append(c);
    return name.length() <= LONGEST_NAME;
  }

  private boolean opens(char bracket) {
    json.append(bracket);
    open.append(bracket);
    state = bracket == '{' ? State.KEY : State.VALUE;
    return open.length() <= MOST_DEPTH;
  }

  private boolean key(char c) {
    if (c == '}' && piece.isEmpty()) {
      return json.charAt(json.length() - 1) == '{' && after(c);
    }
    if (c == ':') {
      json.append(JsonStrings.quoted(piece.toString().strip()));
      boolean named = !piece.isEmpty();
      piece.setLength(0);
      return named && colon(c);
    }
    piece.append(c);
    return piece.length() <= LONGEST_NAME && ",{[]".indexOf(c) < 0;
  }

  private boolean colon(char c) {
    json.append(": ");
    state = State.VALUE;
    return c == ':';
  }

  private boolean value(char c) {
    if (c == '{' || c == '[') {
      return opens(c);
    }
    if (c == ']') {
      return json.charAt(json.length() - 1) == '[' && after(c);
    }
    piece.append(c);
    state = State.WORD;
    return ",}:".indexOf(c) < 0;
  }

  /// A number, or one of the few words that are values.
  private boolean word(char c) {
    if (",}]".indexOf(c) < 0 && !Window.isBlank(c)) {
      piece.append(c);
      return piece.length() <= LONGEST_NAME;
    }
    String word = piece.toString();
    piece.setLength(0);
    String value = word.equals("None") ? "null" : word; // as templates have it
    json.append(value);
    state = State.AFTER;
    return JsonScanner.isValue(value) && (Window.isBlank(c) || after(c));
  }

  private boolean after(char c) {
    char innermost = open.charAt(open.length() - 1);
    if (c == ',') {
      json.append(", ");
      state = innermost == '{' ? State.KEY : State.VALUE;
      return true;
    }
    json.append(c);
    open.setLength(open.length() - 1);
    state = open.isEmpty() ? State.CLOSE : State.AFTER;
    return c == (innermost == '{' ? '}' : ']');
  }
}
