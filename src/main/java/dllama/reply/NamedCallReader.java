package dllama.reply;

/// Reads calls of a [NamedSyntax].
final class NamedCallReader implements CallReader {
  private enum State {
    BEGIN,
    NAME,
    ARGUMENTS,
    AFTER
  }

  private static final int LONGEST_NAME = 400;

  private final NamedSyntax syntax;
  private State state;
  private String name = "";
  private ObjectScanner object = new ObjectScanner();

  /// Which text behind the arguments comes next.
  private int next;

  private final StringBuilder piece = new StringBuilder();

  NamedCallReader(NamedSyntax syntax) {
    this.syntax = syntax;
    state = syntax.begin().isEmpty() ? State.NAME : State.BEGIN;
  }

  @Override
  public Progress read(Window text, Calls calls) {
    while (true) {
      if (state == State.AFTER && next == syntax.after().size()) {
        if (syntax.end().isEmpty()) {
          return Progress.DONE;
        }
        state = State.BEGIN;
      }
      if (state == State.BEGIN || state == State.AFTER) {
        text.skipBlanks();
      }
      if (text.left() == 0) {
        return Progress.MORE;
      }
      State before = state;
      int at = next;
      Progress progress =
          switch (state) {
            case BEGIN -> begin(text);
            case NAME -> name(text);
            case ARGUMENTS -> arguments(text, calls);
            case AFTER -> after(text);
          };
      if (progress != Progress.MORE || state == before && next == at) {
        return progress;
      }
    }
  }

  private Progress begin(Window text) {
    return switch (text.match(syntax.begin(), syntax.end())) {
      case Window.MORE -> Progress.MORE;
      case Window.NONE -> Progress.BROKEN;
      case 0 -> {
        state = State.NAME;
        yield Progress.MORE;
      }
      default -> Progress.DONE;
    };
  }

  private Progress name(Window text) {
    int length = text.find(syntax.beforeArguments(), LONGEST_NAME);
    if (length < 0) {
      boolean hopeless = text.left() >= LONGEST_NAME + syntax.beforeArguments().length();
      return hopeless ? Progress.BROKEN : Progress.MORE;
    }
    name = syntax.name(text.ahead(length));
    if (!Calls.isName(name)) {
      return Progress.BROKEN;
    }
    text.skip(length + syntax.beforeArguments().length());
    object = new ObjectScanner();
    state = State.ARGUMENTS;
    return Progress.MORE;
  }

  private Progress arguments(Window text, Calls calls) {
    Progress progress = object.read(text, piece);
    if (!piece.isEmpty()) {
      if (!calls.isOpen()) {
        calls.begin(name);
      }
      calls.arguments(piece);
      piece.setLength(0);
    }
    if (progress != Progress.DONE) {
      return progress;
    }
    calls.whole();
    calls.end();
    next = 0;
    state = State.AFTER;
    return Progress.MORE;
  }

  private Progress after(Window text) {
    return switch (text.match(syntax.after().get(next))) {
      case Window.MORE -> Progress.MORE;
      case Window.NONE -> Progress.BROKEN;
      default -> {
        next++;
        yield Progress.MORE;
      }
    };
  }
}
