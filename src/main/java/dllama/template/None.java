package dllama.template;

/// Python's None, JSON's null.
enum None {
  NONE
}
