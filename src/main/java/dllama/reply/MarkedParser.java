package dllama.reply;

import dllama.reply.CallReader.Progress;
import dllama.reply.ReplyPart.Content;
import dllama.reply.ReplyPart.Reasoning;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Takes an answer of a [MarkedFormat] apart.
///
/// A thought is one only where nothing precedes it. Within it no calls are looked for: models talk
/// to themselves about how they will call.
final class MarkedParser implements ReplyParser {
  /// Text that is held back at most: a call that nobody was told of, which is content if it breaks.
  private static final int MOST_HELD = 1 << 21;

  private static final int MOST_BLANKS = 1 << 10;

  /// What a marker stands for.
  private enum Kind {
    THOUGHT,
    THOUGHT_END,
    CALLS,
    BARE_CALLS,
    FRAME
  }

  private record Marker(String text, Kind kind) {}

  private final MarkedFormat format;
  private final List<Tool> tools;
  private final Window window = new Window();
  private final Calls calls = new Calls(window);

  private boolean reasoning;
  private @Nullable CallReader reader;

  /// Calls that were told before this reader.
  private int callsBefore;

  /// Whether a thought was begun.
  private boolean thought;

  /// Whether anything but white space was told of the current part.
  private boolean begun;

  /// Whether the part follows a marker, so that white space in front is part of the form.
  private boolean afterMarker;

  private List<Marker> markers = List.of();

  /// White space that is told only if something follows.
  private final StringBuilder blanks = new StringBuilder();

  MarkedParser(MarkedFormat format, List<Tool> tools, boolean reasoning) {
    this.format = format;
    this.tools = List.copyOf(tools);
    this.reasoning = reasoning;
    thought = reasoning;
    afterMarker = reasoning;
    chooseMarkers();
  }

  @Override
  public boolean isReasoning() {
    return reasoning;
  }

  /// Characters that were looked at.
  long looks() {
    return window.looks();
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
    while (more) {
      more = reader == null ? plain(out, false) : read(reader, out);
    }
    calls.flush();
    window.compact();
  }

  @Override
  public void finish(Consumer<ReplyPart> out) {
    accept("", out);
    if (reader != null) {
      window.skip(window.left());
      broken(out);
    }
    boolean more = true;
    while (more) {
      more = plain(out, true);
    }
    tell(blanks.toString(), out);
    blanks.setLength(0);
  }

  /// Reads calls; whether there is more to do.
  private boolean read(CallReader from, Consumer<ReplyPart> out) {
    Progress progress = from.read(window, calls);
    if (progress == Progress.MORE && window.held() <= MOST_HELD) {
      return false;
    }
    if (progress == Progress.DONE) {
      calls.close();
      window.told();
      begin(false);
    } else {
      broken(out);
    }
    return true;
  }

  /// What was read of calls is content after all, but for calls that were told.
  private void broken(Consumer<ReplyPart> out) {
    calls.close();
    String content = window.untold();
    window.told();
    if (calls.count() > callsBefore) {
      begin(false);
    }
    reader = null;
    text(content, out);
  }

  /// Another part begins, after a marker.
  private void begin(boolean asThought) {
    reader = null;
    reasoning = asThought;
    begun = false;
    afterMarker = true;
    blanks.setLength(0);
    chooseMarkers();
  }

  private void chooseMarkers() {
    List<Marker> chosen = new ArrayList<>();
    Thinking thinking = format.thinking();
    if (reasoning && thinking != null) {
      chosen.add(new Marker(thinking.close(), Kind.THOUGHT_END));
    }
    // A model may repeat what the prompt has opened already.
    if (thinking != null && !begun && calls.count() == 0 && (reasoning || !thought)) {
      chosen.add(new Marker(thinking.open(), Kind.THOUGHT));
    }
    if (!reasoning) {
      format.frames().forEach(frame -> chosen.add(new Marker(frame, Kind.FRAME)));
      if (!tools.isEmpty()) {
        format.syntax().openings().forEach(text -> chosen.add(new Marker(text, Kind.CALLS)));
      }
      if (!tools.isEmpty() && format.syntax().bare() && !begun) {
        chosen.add(new Marker("{", Kind.BARE_CALLS));
      }
    }
    markers = chosen;
  }

  /// Reads text up to the next marker; whether there is more to do.
  private boolean plain(Consumer<ReplyPart> out, boolean last) {
    int length = 0;
    Marker found = null;
    while (length < window.left() && found == null) {
      char c = window.peek(length);
      boolean waits = false;
      for (Marker marker : markers) {
        if (marker.text().charAt(0) == c && found == null) {
          int same = window.common(marker.text(), length);
          found = same == marker.text().length() ? marker : null;
          waits |= same == window.left() - length;
        }
      }
      if (found == null && waits && !last) {
        break;
      }
      boolean begins = found == null && !begun && !Window.isBlank(c);
      length += found == null ? 1 : 0;
      if (begins) {
        break; // other markers are to be looked for behind it
      }
    }
    String text = window.ahead(length);
    window.skip(length);
    text(text, out);
    window.told();
    if (found != null) {
      marker(found);
      return true;
    }
    return length > 0 && window.left() > 0;
  }

  private void marker(Marker found) {
    if (found.kind() != Kind.BARE_CALLS) {
      window.skip(found.text().length());
    }
    switch (found.kind()) {
      case THOUGHT -> {
        thought = true;
        begin(true);
        window.told();
      }
      case THOUGHT_END -> {
        begin(false);
        window.told();
      }
      case FRAME -> window.told();
      case CALLS -> calls(found.text());
      case BARE_CALLS -> calls("");
    }
  }

  private void calls(String opening) {
    callsBefore = calls.count();
    reader = format.syntax().reader(opening, tools);
  }

  /// Takes text of the current part.
  private void text(String text, Consumer<ReplyPart> out) {
    int from = 0;
    int to = text.length();
    while (to > 0 && Window.isBlank(text.charAt(to - 1))) {
      to--;
    }
    if (!begun && afterMarker) {
      while (from < text.length() && Window.isBlank(text.charAt(from))) {
        from++;
      }
    }
    if (from < to) {
      tell(blanks + text.substring(from, to), out);
      blanks.setLength(0);
      if (!begun) {
        begun = true;
        chooseMarkers();
      }
    }
    if (markers.isEmpty()) {
      tell(text.substring(Math.max(from, to)), out);
      return;
    }
    blanks.append(text, Math.max(from, to), text.length());
    if (blanks.length() > MOST_BLANKS) {
      tell(blanks.toString(), out);
      blanks.setLength(0);
    }
  }

  private void tell(String text, Consumer<ReplyPart> out) {
    if (!text.isEmpty()) {
      out.accept(reasoning ? new Reasoning(text) : new Content(text));
    }
  }
}
