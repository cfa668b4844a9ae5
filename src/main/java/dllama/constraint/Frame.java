package dllama.constraint;

import org.jspecify.annotations.Nullable;

/// One place in a text that a grammar describes: a stack, of which this is the top. The topmost one
/// is a [Terminal]'s, which takes bytes; those below wait until what is above them is complete.
/// Immutable, and shared by all stacks that stand on it.
final class Frame {
  /// The bottom of every stack; alone: the text is complete.
  static final Frame END = new Frame();

  final @Nullable Grammar node;
  final long state;
  final @Nullable Frame next;

  /// Objects and arrays that are open.
  final int depth;

  private final int hash;

  private Frame() {
    node = null;
    state = 0;
    next = null;
    depth = 0;
    hash = 1;
  }

  Frame(Grammar node, long state, Frame next) {
    this(node, state, next, next.depth);
  }

  Frame(Grammar node, long state, Frame next, int depth) {
    this.node = node;
    this.state = state;
    this.next = next;
    this.depth = depth;
    hash = 31 * (31 * next.hash + System.identityHashCode(node)) + Long.hashCode(state);
  }

  /// Goes on below this one: what it waited for is complete.
  void resume(Ways ways) {
    if (node == null) {
      ways.add(this);
    } else {
      node.after(this, ways);
    }
  }

  /// The one that waits for this one.
  Frame below() {
    if (next == null) {
      throw new IllegalStateException("the bottom of a stack");
    }
    return next;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    Frame a = this;
    if (!(other instanceof Frame b) || a.hash != b.hash) {
      return false;
    }
    while (a != b) {
      if (a.node != b.node || a.state != b.state || a.hash != b.hash) {
        return false;
      }
      if (a.next == null || b.next == null) {
        return a.next == b.next;
      }
      a = a.next;
      b = b.next;
    }
    return true;
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
