package dllama.template;

/// What comes after a statement.
enum Flow {
  NEXT,
  BREAK,
  CONTINUE
}
