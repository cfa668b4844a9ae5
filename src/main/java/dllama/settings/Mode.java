package dllama.settings;

/// What the root does once the cluster is ready.
public enum Mode {
  CHAT,
  INFERENCE,
  LOGITS,
  PERPLEXITY,
  BENCH;

  /// Whether the root waits for its nodes without limit: it talks to a person, who sees what is
  /// missing.
  public boolean interactive() {
    return this == CHAT;
  }
}
