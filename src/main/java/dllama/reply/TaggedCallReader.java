package dllama.reply;

import java.util.List;
import java.util.Set;

/// Reads calls of a [TaggedSyntax], and makes JSON of them. Values that can only be texts are told
/// as they come, others once they are whole.
final class TaggedCallReader implements CallReader {
  private enum State {
    BEGIN,
    NAME,
    ARGUMENT,
    KEY,
    BEFORE_VALUE,
    LINE_BREAK,
    TEXT,
    OTHER
  }

  private static final int LONGEST_NAME = 400;
  private static final int LONGEST_VALUE = 1 << 20;

  private final TaggedSyntax syntax;
  private final List<Tool> tools;

  private State state;
  private String name = "";

  /// Characters of a name that is not complete.
  private int seen;

  private boolean first;
  private Set<String> types = Set.of();

  /// @param begun whether what precedes a call's name was read
  TaggedCallReader(TaggedSyntax syntax, boolean begun, List<Tool> tools) {
    this.syntax = syntax;
    this.tools = tools;
    state = begun || syntax.begin().isEmpty() ? State.NAME : State.BEGIN;
  }

  /// What a state has come to.
  private enum Turn {
    ON,
    WAIT,
    DONE,
    BROKEN
  }

  @Override
  public Progress read(Window text, Calls calls) {
    while (true) {
      if (state == State.BEGIN || state == State.ARGUMENT || state == State.BEFORE_VALUE) {
        text.skipBlanks();
      }
      if (text.left() == 0) {
        return Progress.MORE;
      }
      Turn turn =
          switch (state) {
            case BEGIN -> begin(text);
            case NAME -> name(text);
            case ARGUMENT -> argument(text, calls);
            case KEY -> key(text, calls);
            case BEFORE_VALUE -> beforeValue(text);
            case LINE_BREAK -> lineBreak(text, calls);
            case TEXT -> text(text, calls);
            case OTHER -> other(text, calls);
          };
      switch (turn) {
        case WAIT -> {
          return Progress.MORE;
        }
        case DONE -> {
          return Progress.DONE;
        }
        case BROKEN -> {
          return Progress.BROKEN;
        }
        case ON -> {}
      }
    }
  }

  private Turn go(State next) {
    state = next;
    return Turn.ON;
  }

  private Turn begin(Window text) {
    return switch (text.match(syntax.begin(), syntax.end())) {
      case Window.MORE -> Turn.WAIT;
      case Window.NONE -> Turn.BROKEN;
      case 0 -> go(State.NAME);
      default -> Turn.DONE;
    };
  }

  private Turn name(Window text) {
    int length = seen;
    while (length < text.left() && syntax.afterName().indexOf(text.peek(length)) < 0) {
      length++;
      if (length > LONGEST_NAME) {
        return Turn.BROKEN;
      }
    }
    seen = length;
    if (length == text.left()) {
      return Turn.WAIT;
    }
    seen = 0;
    name = unquoted(text.ahead(length));
    if (!Calls.isName(name)) {
      return Turn.BROKEN;
    }
    text.skip(text.peek(length) == '<' ? length : length + 1);
    first = true;
    return go(State.ARGUMENT);
  }

  private static String unquoted(String name) {
    String stripped = name.strip();
    boolean quoted = stripped.length() > 1 && stripped.startsWith("\"") && stripped.endsWith("\"");
    return quoted ? stripped.substring(1, stripped.length() - 1) : stripped;
  }

  private Turn argument(Window text, Calls calls) {
    int found = text.match(syntax.beforeKey(), syntax.end(), syntax.after());
    switch (found) {
      case Window.MORE -> {
        return Turn.WAIT;
      }
      case Window.NONE -> {
        return Turn.BROKEN;
      }
      default -> {
        if (!calls.isOpen()) {
          calls.begin(name);
        }
      }
    }
    if (found == 0) {
      return go(State.KEY);
    }
    calls.arguments(first ? "{}" : "}");
    calls.whole();
    calls.end();
    return found == 1 ? Turn.DONE : go(State.BEGIN);
  }

  private Turn key(Window text, Calls calls) {
    int length = text.find(syntax.afterKey(), LONGEST_NAME);
    if (length < 0) {
      boolean hopeless = text.left() >= LONGEST_NAME + syntax.afterKey().length();
      return hopeless ? Turn.BROKEN : Turn.WAIT;
    }
    String key = unquoted(text.ahead(length));
    text.skip(length + syntax.afterKey().length());
    types = SchemaTypes.of(tools, name, key);
    calls.arguments((first ? "{" : ", ") + JsonStrings.quoted(key) + ": ");
    first = false;
    return go(syntax.beforeValue().isEmpty() ? State.LINE_BREAK : State.BEFORE_VALUE);
  }

  private Turn beforeValue(Window text) {
    return switch (text.match(syntax.beforeValue())) {
      case Window.MORE -> Turn.WAIT;
      case Window.NONE -> Turn.BROKEN;
      default -> go(State.LINE_BREAK);
    };
  }

  /// A value may stand on lines of its own.
  private Turn lineBreak(Window text, Calls calls) {
    if (text.peek() == '\n') {
      text.skip(1);
    }
    if (!SchemaTypes.onlyText(types)) {
      return go(State.OTHER);
    }
    calls.arguments("\"");
    return go(State.TEXT);
  }

  private Turn text(Window text, Calls calls) {
    int length = text.find(syntax.afterValue(), text.left());
    int safe = text.left() - text.tail(syntax.afterValue());
    int take = trimmed(text, length < 0 ? safe : length);
    if (take > 0) {
      String value = text.ahead(take);
      text.skip(take);
      calls.arguments(JsonStrings.escaped(value));
    }
    if (length < 0) {
      return Turn.WAIT;
    }
    text.skip(length - take + syntax.afterValue().length());
    calls.arguments("\"");
    return go(State.ARGUMENT);
  }

  private Turn other(Window text, Calls calls) {
    int length = text.find(syntax.afterValue(), text.left());
    if (length < 0) {
      if (text.left() <= LONGEST_VALUE) {
        return Turn.WAIT;
      }
      text.skip(text.left()); // was searched, which once has to do
      return Turn.BROKEN;
    }
    String value = text.ahead(trimmed(text, length));
    text.skip(length + syntax.afterValue().length());
    calls.arguments(SchemaTypes.json(value, types));
    return go(State.ARGUMENT);
  }

  /// Without a line break at the end.
  private static int trimmed(Window text, int length) {
    return length > 0 && text.peek(length - 1) == '\n' ? length - 1 : length;
  }
}
