package dllama.reply;

/// Takes one JSON object. Line breaks within texts, which models write and JSON does not know, are
/// escaped.
final class ObjectScanner {
  private final JsonScanner scanner = new JsonScanner();
  private boolean begun;

  /// @param to takes the character, unless the object is broken by it
  CallReader.Progress accept(char c, StringBuilder to) {
    if (scanner.inText() && c < 0x20) {
      to.append(JsonStrings.control(c));
      return CallReader.Progress.MORE;
    }
    if (!begun && c != '{') {
      return Window.isBlank(c) ? CallReader.Progress.MORE : CallReader.Progress.BROKEN;
    }
    begun = true;
    return switch (scanner.accept(c)) {
      case MORE -> {
        to.append(c);
        yield CallReader.Progress.MORE;
      }
      case DONE -> {
        to.append(c);
        yield CallReader.Progress.DONE;
      }
      case DONE_BEFORE, BROKEN -> CallReader.Progress.BROKEN;
    };
  }

  /// Reads as far as the object goes; what breaks it is not read.
  CallReader.Progress read(Window text, StringBuilder to) {
    while (text.left() > 0) {
      CallReader.Progress progress = accept(text.peek(), to);
      if (progress == CallReader.Progress.BROKEN) {
        return progress;
      }
      text.skip(1);
      if (progress == CallReader.Progress.DONE) {
        return progress;
      }
    }
    return CallReader.Progress.MORE;
  }
}
