package dllama.reply;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a forced call has to look like.
public sealed interface CallShape {
  /// Exactly this text. Names of control tokens in it stand for these tokens.
  record Literal(String text) implements CallShape {}

  /// One JSON object.
  ///
  /// @param schema JSON schema that it fits
  record Arguments(Map<String, ? extends @Nullable Object> schema) implements CallShape {}

  /// One after the other.
  record Sequence(List<CallShape> parts) implements CallShape {}

  /// One of several.
  record Alternatives(List<CallShape> choices) implements CallShape {}

  /// One or more of the same.
  ///
  /// @param between text between two of them, may be empty
  record OneOrMore(CallShape shape, String between) implements CallShape {}
}
