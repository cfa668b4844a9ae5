package dllama.settings;

/// Form of results on standard output.
public enum Output {
  TEXT,
  JSON,
  MD,
  CSV
}
