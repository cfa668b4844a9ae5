package dllama.api.service;

import java.util.function.Consumer;

/// Tells thoughts, text and calls of an answer apart while it comes.
interface ReplyParts {
  /// A part of an answer.
  sealed interface Part {
    record Reasoning(String text) implements Part {}

    record Content(String text) implements Part {}

    record CallBegin(int index, String name) implements Part {}

    record CallArguments(int index, String json) implements Part {}
  }

  /// Takes a token and the text that it completed.
  void accept(int token, String text, Consumer<Part> to);

  /// Whether what comes now is a thought.
  boolean thinks();

  /// Nothing more comes.
  void finish(Consumer<Part> to);
}
