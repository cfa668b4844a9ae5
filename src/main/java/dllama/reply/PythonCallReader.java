package dllama.reply;

/// Reads calls of a [PythonSyntax]. A call is told when it is complete.
final class PythonCallReader implements CallReader {
  private enum State {
    LIST,
    CALL,
    NAME,
    KEY,
    VALUE,
    AFTER,
    END
  }

  private static final int LONGEST_NAME = 256;

  private final String close;
  private State state = State.LIST;
  private final StringBuilder name = new StringBuilder();
  private final StringBuilder key = new StringBuilder();
  private final StringBuilder arguments = new StringBuilder();
  private PythonValue value = new PythonValue();

  PythonCallReader(String close) {
    this.close = close;
  }

  @Override
  public Progress read(Window text, Calls calls) {
    while (text.left() > 0) {
      if (state == State.END) {
        text.skipBlanks();
        return switch (text.match(close)) {
          case Window.MORE -> Progress.MORE;
          case Window.NONE -> text.left() == 0 ? Progress.MORE : Progress.BROKEN;
          default -> Progress.DONE;
        };
      }
      char c = text.peek();
      boolean blank = Window.isBlank(c) && state != State.VALUE;
      if (!blank && !accept(c)) {
        return Progress.BROKEN;
      }
      text.skip(1);
      if (state == State.AFTER && c == ')') {
        calls.begin(name.toString());
        calls.arguments("{" + arguments + "}");
        calls.whole();
        calls.end();
      }
    }
    return Progress.MORE;
  }

  /// Whether this may come next.
  private boolean accept(char c) {
    return switch (state) {
      case LIST -> goOn(c == '[', State.CALL);
      case CALL -> {
        begin();
        yield c == ']' ? goOn(true, State.END) : isName(c) && letter(c, name, State.NAME);
      }
      case NAME -> c == '(' ? goOn(true, State.KEY) : isName(c) && letter(c, name, State.NAME);
      case KEY -> key(c);
      case VALUE -> value(c);
      case AFTER -> c == ',' ? goOn(true, State.CALL) : goOn(c == ']', State.END);
      case END -> false;
    };
  }

  private void begin() {
    name.setLength(0);
    key.setLength(0);
    arguments.setLength(0);
  }

  private boolean goOn(boolean fits, State next) {
    state = next;
    return fits;
  }

  private boolean letter(char c, StringBuilder to, State next) {
    state = next;
    to.append(c);
    return to.length() <= LONGEST_NAME;
  }

  private static boolean isName(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '.' || c == '-';
  }

  private boolean key(char c) {
    if (c == ')' && key.isEmpty()) {
      return goOn(true, State.AFTER);
    }
    if (c == '=' && !key.isEmpty()) {
      value = new PythonValue();
      return goOn(true, State.VALUE);
    }
    return isName(c) && letter(c, key, State.KEY);
  }

  private boolean value(char c) {
    if (!value.isOutermost() || (c != ',' && c != ')')) {
      return value.accept(c);
    }
    String json = value.json();
    if (!JsonScanner.isValue(json)) {
      return false;
    }
    arguments.append(arguments.isEmpty() ? "" : ", ");
    arguments.append(JsonStrings.quoted(key.toString())).append(": ").append(json);
    key.setLength(0);
    return goOn(true, c == ',' ? State.KEY : State.AFTER);
  }
}
