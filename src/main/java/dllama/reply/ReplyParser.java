package dllama.reply;

import java.util.function.Consumer;

/// Takes one answer apart while it comes. Of an answer of n characters it looks at each a bounded
/// number of times, and holds back only what may be a marker, a call's name, or a value that has to
/// be known whole. Not thread-safe.
///
/// Nothing is lost: what looked like the beginning of a marker or a call and is none comes as
/// content. White space beside markers is part of the form, and not told.
public interface ReplyParser {
  /// Takes the next text.
  void accept(String text, Consumer<ReplyPart> out);

  /// Takes the next token with the text that came with it. Control tokens show nothing; those that
  /// are markers of the format count as their names here.
  void acceptToken(int id, String text, Consumer<ReplyPart> out);

  /// The answer has ended: tells what was held back. To be called once.
  void finish(Consumer<ReplyPart> out);

  /// Whether the model is thinking: a mask for what it answers does not hold yet.
  boolean isReasoning();
}
