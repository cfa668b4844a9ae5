package dllama.template;

/// What one rendering has left of its [Limits]. Whoever does work or makes values asks first.
final class Budget {
  /// Steps between two looks at the clock.
  private static final int CLOCK_EVERY = 2048;

  private static final int CHARS_PER_STEP = 16;

  private final Limits limits;
  private final long deadline;
  private long steps;
  private long bytes;
  private long nextLook;
  private int depth;

  Budget(Limits limits) {
    this.limits = limits;
    deadline = System.nanoTime() + limits.time().toNanos();
    steps = limits.steps();
    nextLook = steps - CLOCK_EVERY;
    bytes = limits.bytes();
  }

  void step() {
    steps(1);
  }

  void steps(long count) {
    steps -= count;
    if (steps < 0) {
      throw TemplateException.limit("the template does too much work");
    }
    if (steps < nextLook) {
      nextLook = steps - CLOCK_EVERY;
      if (System.nanoTime() - deadline > 0) {
        throw TemplateException.limit(
            "the template takes more than %d ms".formatted(limits.time().toMillis()));
      }
    }
  }

  /// Before as many elements are put into a new list or mapping.
  void elements(long count) {
    steps(count);
    allocate(32 + 24 * count);
  }

  /// Before a text is read from end to end.
  void read(CharSequence text) {
    steps(1 + text.length() / CHARS_PER_STEP);
  }

  /// Before a text of as many characters is made.
  void text(long chars) {
    if (chars > limits.text()) {
      throw TemplateException.limit(
          "the template makes a text of more than %,d characters".formatted(limits.text()));
    }
    steps(1 + chars / CHARS_PER_STEP);
    allocate(32 + 2 * chars);
  }

  /// Before a text that is being written grows.
  void grow(long chars, long by) {
    if (chars + by > limits.text()) {
      text(chars + by);
    }
    steps(1 + by / CHARS_PER_STEP);
    allocate(2 * by);
  }

  /// Before an integer of as many bits is made.
  void integer(long bits) {
    if (bits > limits.digits() * 10L / 3) {
      throw TemplateException.limit(
          "the template computes an integer of more than %,d digits".formatted(limits.digits()));
    }
    steps(1 + bits / 64);
    allocate(32 + bits / 8);
  }

  private void allocate(long count) {
    bytes -= count;
    if (bytes < 0) {
      throw TemplateException.limit(
          "the template makes values of more than %,d bytes".formatted(limits.bytes()));
    }
  }

  /// Down into a node; each is followed by [#leave], unless it fails, which ends all.
  void enter() {
    step();
    if (++depth > limits.depth()) {
      throw TemplateException.limit("the template is nested too deeply, or calls itself for ever");
    }
  }

  void leave() {
    depth--;
  }
}
