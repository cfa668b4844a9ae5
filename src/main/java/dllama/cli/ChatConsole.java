package dllama.cli;

import org.jspecify.annotations.Nullable;

/// Where a chat happens: a terminal, or plain streams.
interface ChatConsole extends AutoCloseable {
  /// The next line of the user, perhaps pasted with line ends in it; null at the end of input.
  @Nullable String read();

  /// Shows a piece of an answer at once.
  void print(String text);

  /// Shows a piece of what the model thinks before it answers, where that is not taken for the
  /// answer.
  void thought(String text);

  /// Ends the line of the answer, if it is not ended.
  void endLine();

  /// Shows a line that is not part of an answer; any thread.
  void note(String line);

  /// Says what Ctrl-C does while an answer is made; null: nothing.
  void onInterrupt(@Nullable Runnable action);

  @Override
  void close();
}
