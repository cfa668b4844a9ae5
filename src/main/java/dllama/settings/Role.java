package dllama.settings;

/// What a node is for.
public enum Role {
  ROOT,
  WORKER
}
