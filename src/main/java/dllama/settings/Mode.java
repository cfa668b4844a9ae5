package dllama.settings;

/// What the root does once the cluster is ready.
public enum Mode {
  CHAT,
  API,
  INFERENCE,
  LOGITS,
  PERPLEXITY,
  BENCH;

  /// Whether the root waits for its nodes without limit: a person or a
  /// program asks it for answers, and is told what is missing.
  public boolean interactive() {
    return this == CHAT || this == API;
  }
}
