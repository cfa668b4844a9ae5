package dllama.reply;

import dllama.reply.JsonSyntax.Shape;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads calls that are JSON objects with a name and arguments, in any order and with other fields
/// between them. A call is told of once its name is known and its arguments begin.
final class JsonCallReader implements CallReader {
  private enum State {
    FIRST,
    ITEM_OR_END,
    ITEM,
    KEY_OR_END,
    KEY,
    IN_KEY,
    COLON,
    VALUE,
    IN_NAME,
    IN_ARGUMENTS,
    IN_TEXT_ARGUMENTS,
    IN_OTHER,
    COMMA_OR_END,
    BETWEEN,
    AFTER
  }

  private static final Set<String> NAMES = Set.of("name", "tool_name");
  private static final Set<String> ARGUMENTS = Set.of("arguments", "parameters");
  private static final Set<String> OTHERS = Set.of("type", "id");
  private static final int LONGEST_KEY = 512;
  private static final int MOST_HELD = 1 << 20;

  private final String close;
  private final Shape shape;
  private final boolean bare;
  private final List<Tool> tools;

  private State state = State.FIRST;
  private boolean list;
  private @Nullable String name;

  /// Whether a value that is arguments has begun.
  private boolean given;

  /// Whether what there is does not tell yet how it goes on.
  private boolean waits;

  /// Objects around name and arguments, besides the call's own.
  private int within;

  private final StringBuilder word = new StringBuilder();
  private TextDecoder decoder = new TextDecoder();
  private ObjectScanner object = new ObjectScanner();
  private JsonScanner other = new JsonScanner();

  /// Arguments whose call has no name yet.
  private final StringBuilder held = new StringBuilder();

  private final StringBuilder piece = new StringBuilder();

  /// @param close after all of them, may be empty
  /// @param bare whether nothing but what they are like tells that they are calls, so that only
  ///     those of known tools are
  JsonCallReader(String close, Shape shape, boolean bare, List<Tool> tools) {
    this.close = close;
    this.shape = shape;
    this.bare = bare;
    this.tools = tools;
  }

  @Override
  public Progress read(Window text, Calls calls) {
    while (true) {
      switch (state) {
        case IN_KEY, IN_NAME, IN_ARGUMENTS, IN_TEXT_ARGUMENTS, IN_OTHER -> {}
        default -> text.skipBlanks();
      }
      if (text.left() == 0) {
        return Progress.MORE;
      }
      Progress progress =
          switch (state) {
            case IN_KEY -> key(text);
            case IN_NAME -> name(text, calls);
            case IN_ARGUMENTS -> arguments(text, calls);
            case IN_TEXT_ARGUMENTS -> textArguments(text, calls);
            case IN_OTHER -> other(text);
            case VALUE -> value(text);
            case AFTER -> after(text);
            default -> structure(text, calls);
          };
      if (progress != Progress.MORE || state == State.AFTER && ended()) {
        return progress == Progress.MORE ? Progress.DONE : progress;
      }
      if (text.left() == 0 || waits) {
        waits = false;
        return Progress.MORE;
      }
    }
  }

  private boolean ended() {
    return list && close.isEmpty();
  }

  private Progress structure(Window text, Calls calls) {
    char c = text.peek();
    State next =
        switch (state) {
          case FIRST -> c == '[' && shape != Shape.OBJECTS ? State.ITEM_OR_END : item(c);
          case ITEM_OR_END -> c == ']' ? State.AFTER : item(c);
          case ITEM -> item(c);
          case KEY_OR_END -> c == '}' ? end(calls, text) : c == '"' ? State.IN_KEY : null;
          case KEY -> c == '"' ? State.IN_KEY : null;
          case COLON -> c == ':' ? State.VALUE : null;
          case COMMA_OR_END -> c == ',' ? State.KEY : c == '}' ? end(calls, text) : null;
          default -> c == ',' ? State.ITEM : c == ']' ? State.AFTER : null;
        };
    if (next == null) {
      return Progress.BROKEN;
    }
    if (next == State.IN_KEY) {
      word.setLength(0);
      decoder = new TextDecoder();
    }
    list |= state == State.FIRST && c == '[';
    boolean read = state == State.KEY_OR_END || state == State.COMMA_OR_END;
    state = next;
    if (!(read && c == '}')) {
      text.skip(1);
    }
    return Progress.MORE;
  }

  private @Nullable State item(char c) {
    if (c != '{') {
      return null;
    }
    name = null;
    given = false;
    within = 0;
    held.setLength(0);
    return State.KEY_OR_END;
  }

  /// Reads the end of an object.
  private @Nullable State end(Calls calls, Window text) {
    if (within > 0) {
      text.skip(1);
      within--;
      return State.COMMA_OR_END;
    }
    String called = name;
    if (called == null) {
      return null;
    }
    text.skip(1);
    if (!calls.isOpen()) {
      calls.begin(called);
      calls.arguments("{}");
      calls.whole();
    }
    calls.end();
    return list ? State.BETWEEN : State.AFTER;
  }

  private Progress key(Window text) {
    int c = decoded(text);
    if (c == TextDecoder.END) {
      state = State.COLON;
    }
    return c == TextDecoder.BROKEN || word.length() > LONGEST_KEY
        ? Progress.BROKEN
        : Progress.MORE;
  }

  /// Reads a character of a text into `word`.
  private int decoded(Window text) {
    int c = decoder.accept(text.peek());
    if (c != TextDecoder.BROKEN) {
      text.skip(1);
    }
    if (c >= 0) {
      word.append((char) c);
    }
    return c;
  }

  private Progress value(Window text) {
    char c = text.peek();
    String key = word.toString();
    boolean byName = shape == Shape.LIST_BY_NAME && name == null;
    if (byName) {
      if (!Calls.isName(key)) {
        return Progress.BROKEN;
      }
      name = key;
    }
    if (!given && (byName || ARGUMENTS.contains(key))) {
      return beginArguments(c, text);
    }
    boolean nested = key.equals("function") && c == '{' && within == 0;
    if (nested) {
      text.skip(1);
      within++;
      state = State.KEY_OR_END;
    } else if (c == '"' && name == null && (NAMES.contains(key) || key.equals("function"))) {
      text.skip(1);
      word.setLength(0);
      decoder = new TextDecoder();
      state = State.IN_NAME;
    } else if (bare && !OTHERS.contains(key)) {
      return Progress.BROKEN;
    } else {
      other = new JsonScanner();
      state = State.IN_OTHER;
    }
    return Progress.MORE;
  }

  private Progress beginArguments(char c, Window text) {
    given = true;
    object = new ObjectScanner();
    if (c == '{') {
      state = State.IN_ARGUMENTS;
    } else if (c == '"') {
      text.skip(1);
      decoder = new TextDecoder();
      state = State.IN_TEXT_ARGUMENTS;
    } else if (c == 'n') {
      given = false;
      other = new JsonScanner();
      state = State.IN_OTHER;
    } else {
      return Progress.BROKEN;
    }
    return Progress.MORE;
  }

  private Progress name(Window text, Calls calls) {
    int c = decoded(text);
    if (c == TextDecoder.BROKEN || word.length() > LONGEST_KEY) {
      return Progress.BROKEN;
    }
    if (c == TextDecoder.END) {
      String called = word.toString();
      boolean known = tools.stream().anyMatch(tool -> tool.name().equals(called));
      if (!Calls.isName(called) || bare && !known) {
        return Progress.BROKEN;
      }
      name = called;
      state = State.COMMA_OR_END;
      if (given) {
        calls.begin(called);
        calls.arguments(held);
        calls.whole();
      }
    }
    return Progress.MORE;
  }

  private Progress arguments(Window text, Calls calls) {
    Progress progress = object.read(text, piece);
    return took(progress, calls);
  }

  /// Arguments that are JSON within a text.
  private Progress textArguments(Window text, Calls calls) {
    int c = decoder.accept(text.peek());
    if (c == TextDecoder.BROKEN || c == TextDecoder.END) {
      return Progress.BROKEN;
    }
    text.skip(1);
    Progress progress = c < 0 ? Progress.MORE : object.accept((char) c, piece);
    Progress taken = took(progress, calls);
    if (progress == Progress.DONE) {
      // What may follow is white space and the quote.
      state = State.IN_OTHER;
      other = JsonScanner.inside();
    }
    return taken;
  }

  /// Hands on what was read of the arguments.
  private Progress took(Progress progress, Calls calls) {
    String called = name;
    if (called == null) {
      held.append(piece);
    } else if (!piece.isEmpty()) {
      if (!calls.isOpen()) {
        calls.begin(called);
      }
      calls.arguments(piece);
    }
    piece.setLength(0);
    if (progress == Progress.DONE) {
      state = State.COMMA_OR_END;
      if (called != null) {
        calls.whole();
      }
      return Progress.MORE;
    }
    return held.length() > MOST_HELD ? Progress.BROKEN : progress;
  }

  private Progress other(Window text) {
    JsonScanner.Progress progress = other.accept(text.peek());
    if (progress == JsonScanner.Progress.BROKEN) {
      return Progress.BROKEN;
    }
    if (progress != JsonScanner.Progress.DONE_BEFORE) {
      text.skip(1);
    }
    if (progress != JsonScanner.Progress.MORE) {
      state = State.COMMA_OR_END;
    }
    return Progress.MORE;
  }

  private Progress after(Window text) {
    char c = text.peek();
    if (!list && (c == '{' || bare && (c == ';' || c == ','))) {
      state = State.ITEM;
      if (c != '{') {
        text.skip(1);
      }
      return Progress.MORE;
    }
    if (close.isEmpty()) {
      return Progress.DONE;
    }
    return switch (text.match(close)) {
      case Window.NONE -> Progress.BROKEN;
      case Window.MORE -> {
        waits = true;
        yield Progress.MORE;
      }
      default -> Progress.DONE;
    };
  }
}
