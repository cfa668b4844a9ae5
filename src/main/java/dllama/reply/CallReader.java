package dllama.reply;

/// Reads what follows the opening of calls, up to where content goes on.
interface CallReader {
  enum Progress {
    /// All was read, and more is to come.
    MORE,
    /// The calls have ended.
    DONE,
    /// What comes next is no call. What was read and not told is content.
    BROKEN
  }

  /// Reads as far as possible.
  Progress read(Window text, Calls calls);
}
