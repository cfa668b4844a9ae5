package dllama.template;

import java.time.Duration;

/// What a rendering may use at most; whatever exceeds it ends with a [TemplateException].
///
/// @param steps evaluated nodes, visited elements and, by the sixteen, characters
/// @param time wall clock
/// @param bytes of all values that are made, also of those no longer in use
/// @param text characters of a single text, the output for one
/// @param depth nodes within nodes, macros that are called included
/// @param digits of an integer
public record Limits(long steps, Duration time, long bytes, int text, int depth, int digits) {
  /// A hundred times what the templates of published models need for long chats.
  public static final Limits DEFAULT =
      new Limits(20_000_000, Duration.ofMillis(1500), 128 << 20, 8 << 20, 800, 4300);

  /// Bytes of a template's source.
  static final int SOURCE = 2 << 20;

  /// Lists within lists.
  static final int VALUE_DEPTH = 200;

  /// What stands in parentheses or blocks within each other in a template's source.
  static final int NESTING = 150;

  /// Elements of a `range`, as Jinja's sandbox has it.
  static final int RANGE = 100_000;
}
