package dllama.reply;

/// A piece of an answer, in the order in which it came. Pieces of the same kind that follow each
/// other belong together.
public sealed interface ReplyPart {
  /// What the model thinks to itself.
  record Reasoning(String text) implements ReplyPart {}

  /// What it tells the user.
  record Content(String text) implements ReplyPart {}

  /// A tool is called.
  ///
  /// @param index of the call in this answer, from 0
  record ToolCallBegin(int index, String name) implements ReplyPart {}

  /// The next piece of a call's arguments; all pieces together are one JSON object.
  record ToolCallArguments(int index, String json) implements ReplyPart {}

  /// A call is complete, its arguments are a whole object.
  record ToolCallEnd(int index) implements ReplyPart {}

  /// A call that had begun is not one: its arguments end in the middle, or stop being JSON. What
  /// came of them was told and is the beginning of an object; what follows comes as content.
  record ToolCallBroken(int index) implements ReplyPart {}
}
