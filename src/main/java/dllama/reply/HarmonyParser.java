package dllama.reply;

import dllama.reply.CallReader.Progress;
import dllama.reply.ReplyPart.Content;
import dllama.reply.ReplyPart.Reasoning;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Takes an answer in [HarmonyFormat] apart. What is no header where one is due is content, so an
/// answer without any marker is content as a whole.
final class HarmonyParser implements ReplyParser {
  private enum State {
    HEADER,
    THOUGHT,
    CONTENT,
    CALL,
    /// Behind a call's arguments.
    CALLED
  }

  private static final int LONGEST_HEADER = 400;

  /// What a header may begin with.
  private static final List<String> HEADERS =
      List.of(HarmonyFormat.START, HarmonyFormat.CHANNEL, HarmonyFormat.MESSAGE, "to=");

  /// What ends a text: a message's end, or the next header.
  private static final List<String> MARKERS =
      Stream.concat(
              HarmonyFormat.ENDS.stream(), Stream.of(HarmonyFormat.START, HarmonyFormat.CHANNEL))
          .toList();

  private final HarmonyFormat format;
  private final boolean tools;
  private final Window window = new Window();
  private final Calls calls = new Calls(window);
  private final StringBuilder piece = new StringBuilder();
  private State state = State.HEADER;
  private String name = "";
  private ObjectScanner object = new ObjectScanner();

  /// @param tools whether there are any
  /// @param opened of the first message's header, what the prompt has
  HarmonyParser(HarmonyFormat format, boolean tools, String opened) {
    this.format = format;
    this.tools = tools;
    accept(opened, _ -> {});
  }

  /// An answer proper begins with the last header, so until then no mask holds.
  @Override
  public boolean isReasoning() {
    return state == State.THOUGHT || state == State.HEADER;
  }

  @Override
  public void acceptToken(int id, String text, Consumer<ReplyPart> out) {
    accept(text + format.marker(id), out);
  }

  @Override
  public void accept(String text, Consumer<ReplyPart> out) {
    calls.to(out);
    window.append(text);
    boolean more = true;
    while (more && window.left() > 0) {
      more =
          switch (state) {
            case HEADER -> header();
            case THOUGHT, CONTENT -> text(out, false);
            case CALL -> call();
            case CALLED -> called();
          };
    }
    calls.flush();
    window.compact();
  }

  @Override
  public void finish(Consumer<ReplyPart> out) {
    accept("", out);
    boolean header = state == State.HEADER && window.left() > 0;
    boolean cut = header && HEADERS.stream().anyMatch(begin -> window.common(begin, 0) > 2);
    if (state == State.CALL) {
      broken();
    }
    if (!cut) {
      state = header ? State.CONTENT : state;
      text(out, true);
    }
    calls.flush();
  }

  /// Reads a header, if it is whole; whether there is more to do, as for the others.
  private boolean header() {
    int blanks = 0;
    while (blanks < window.left() && Window.isBlank(window.peek(blanks))) {
      blanks++;
    }
    int from = blanks;
    int left = window.left() - blanks;
    boolean possible =
        HEADERS.stream()
            .anyMatch(begin -> window.common(begin, from) == Math.min(begin.length(), left));
    int length = possible ? window.find(HarmonyFormat.MESSAGE, LONGEST_HEADER) : Window.NONE;
    if (length < 0) {
      if (possible && window.left() < LONGEST_HEADER) {
        return false;
      }
      HEADERS.stream()
          .filter(begin -> begin.startsWith("<") && window.common(begin, from) == begin.length())
          .findFirst()
          .ifPresent(marker -> drop(from + marker.length()));
      state = State.CONTENT;
      return true;
    }
    String header = window.ahead(length);
    window.skip(length + HarmonyFormat.MESSAGE.length());
    name = HarmonyFormat.recipient(header);
    if (HarmonyFormat.isThought(header)) {
      state = State.THOUGHT;
    } else if (tools && Calls.isName(name)) {
      object = new ObjectScanner();
      state = State.CALL; // the header is content, too, if this is no call
      return true;
    } else {
      state = State.CONTENT;
    }
    window.told();
    return true;
  }

  /// What begins no header is not looked at again.
  private void drop(int length) {
    window.skip(length);
    window.told();
  }

  private boolean text(Consumer<ReplyPart> out, boolean last) {
    int length = 0;
    String found = "";
    boolean waits = false;
    while (length < window.left() && found.isEmpty() && !waits) {
      if (window.peek(length) == '<') {
        for (String marker : MARKERS) {
          int same = window.common(marker, length);
          found = same == marker.length() ? marker : found;
          waits |= !last && same == window.left() - length && same < marker.length();
        }
      }
      length += found.isEmpty() && !waits ? 1 : 0;
    }
    window.skip(length);
    String text = window.untold();
    window.told();
    if (!text.isEmpty()) {
      out.accept(state == State.THOUGHT ? new Reasoning(text) : new Content(text));
    }
    if (!found.isEmpty()) {
      next(found);
    }
    return !found.isEmpty();
  }

  /// Another message begins with a marker, or behind it.
  private void next(String marker) {
    if (HarmonyFormat.ENDS.contains(marker)) {
      window.skip(marker.length());
    }
    window.told();
    state = State.HEADER;
  }

  private boolean call() {
    Progress progress = object.read(window, piece);
    if (!piece.isEmpty()) {
      if (!calls.isOpen()) {
        calls.begin(name);
      }
      calls.arguments(piece);
      piece.setLength(0);
    }
    switch (progress) {
      case MORE -> {}
      case BROKEN -> broken();
      case DONE -> {
        calls.whole();
        calls.end();
        state = State.CALLED;
      }
    }
    return progress != Progress.MORE;
  }

  private void broken() {
    calls.close();
    state = State.CONTENT;
  }

  private boolean called() {
    window.skipBlanks();
    int match = window.match(MARKERS.toArray(String[]::new));
    if (match == Window.MORE) {
      return false;
    }
    if (match == Window.NONE) {
      state = State.CONTENT;
      return window.left() > 0;
    }
    if (!HarmonyFormat.ENDS.contains(MARKERS.get(match))) {
      window.skip(-MARKERS.get(match).length());
    }
    window.told();
    state = State.HEADER;
    return true;
  }
}
