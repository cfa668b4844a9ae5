package dllama.reply;

import dllama.reply.ReplyPart.ToolCallArguments;
import dllama.reply.ReplyPart.ToolCallBegin;
import dllama.reply.ReplyPart.ToolCallBroken;
import dllama.reply.ReplyPart.ToolCallEnd;
import java.util.function.Consumer;

/// Tells of the calls of an answer as they are read.
final class Calls {
  private static final int LONGEST_NAME = 256;

  private final Window window;
  private final StringBuilder arguments = new StringBuilder();
  private Consumer<ReplyPart> out = _ -> {};
  private int index = -1;
  private boolean open;
  private boolean whole;

  Calls(Window window) {
    this.window = window;
  }

  void to(Consumer<ReplyPart> receiver) {
    out = receiver;
  }

  /// Whether this may be the name of a tool.
  static boolean isName(String name) {
    return !name.isBlank()
        && name.length() <= LONGEST_NAME
        && name.chars().noneMatch(c -> c < 0x20 || "<>{}\"".indexOf(c) >= 0);
  }

  /// How many there were, with one that is open.
  int count() {
    return index + 1;
  }

  boolean isOpen() {
    return open;
  }

  void begin(String name) {
    index++;
    open = true;
    whole = false;
    out.accept(new ToolCallBegin(index, name));
    window.told();
  }

  /// Takes a piece of the arguments.
  void arguments(CharSequence json) {
    arguments.append(json);
    window.told();
  }

  /// The arguments are complete.
  void whole() {
    whole = true;
  }

  /// A call is over, and what was read belongs to it.
  void end() {
    close();
    window.told();
  }

  /// Nothing more of a call comes.
  void close() {
    flush();
    if (open) {
      out.accept(whole ? new ToolCallEnd(index) : new ToolCallBroken(index));
      open = false;
    }
  }

  /// Tells what there is of the arguments.
  void flush() {
    if (!arguments.isEmpty()) {
      out.accept(new ToolCallArguments(index, arguments.toString()));
      arguments.setLength(0);
    }
  }
}
