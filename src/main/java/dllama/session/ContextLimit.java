package dllama.session;

/// Says how long a context is, and what can be done where it does not suffice.
///
/// @param reserved positions that this run has
/// @param model positions that the model has
public record ContextLimit(int reserved, int model) {
  /// What a user can do to have more of it.
  public String advice() {
    return reserved < model
        ? "--max-seq-len N reserves more, up to %d".formatted(model)
        : "this model has no more";
  }

  /// That there is no room for another token.
  public String full() {
    return "the context of %d tokens is full; %s".formatted(reserved, advice());
  }

  /// That a prompt does not fit.
  public String promptTooLong(int tokens) {
    return "the prompt has %d tokens, more than the context of %d; %s"
        .formatted(tokens, reserved, advice());
  }

  /// That the system prompt leaves no room for a question.
  public String systemTooLong(int tokens) {
    return "the system prompt takes %d tokens of a context of %d, so no question fits: use a shorter one; %s"
        .formatted(tokens, reserved, advice());
  }

  /// That a question does not fit, whatever was said before.
  ///
  /// @param tokens of the whole prompt
  /// @param systemTokens of it that are not the question's; 0 without a system prompt
  public String questionTooLong(int tokens, int systemTokens) {
    return systemTokens == 0
        ? "the question is longer than the context of %d tokens; %s".formatted(reserved, advice())
        : "the question takes %d tokens, and the system prompt %d, of a context of %d; %s"
            .formatted(tokens - systemTokens, systemTokens, reserved, advice());
  }
}
