package dllama.generation;

import dllama.step.PageCopy;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// The places of a world for windows: what pages hold of layers that see the latest positions only.
/// A sequence needs those of its latest pages and lets go of the others, so they go round. A text
/// can be gone on with where the windows of all that its next token sees are still there; those
/// that were let go of longest ago go first when places run out. One world's; one thread.
final class KvWindows {
  private static final int PAGE = KvBlock.PAGE;

  /// Where a text can be gone on with.
  ///
  /// @param block of its last token
  /// @param length tokens that are computed
  record Found(KvBlock block, int length) {}

  private final int span;

  /// By place; null where it is free.
  private final @Nullable KvBlock[] owners;

  private final Deque<Integer> free = new ArrayDeque<>();
  private long clock;

  /// @param places that there are; 0 where all layers see everything
  /// @param span positions that a token sees in the other layers, its own included
  KvWindows(int places, int span) {
    this.span = span;
    owners = new KvBlock[places];
    for (int place = 0; place < places; place++) {
      free.add(place);
    }
  }

  /// Whether all layers see everything.
  boolean isNone() {
    return owners.length == 0;
  }

  /// The first page whose window the token at `position` needs.
  int first(int position) {
    return isNone() ? 0 : Math.max(0, position + 1 - span) / PAGE;
  }

  /// Gives a new block a window, if blocks have one; false if every place is held.
  boolean allocate(KvBlock block) {
    if (isNone()) {
      return true;
    }
    if (free.isEmpty() && !evict()) {
      return false;
    }
    block.window = free.remove();
    owners[block.window] = block;
    return true;
  }

  private boolean evict() {
    KvBlock oldest = null;
    for (KvBlock owner : owners) {
      if (owner != null
          && owner.windowHolders == 0
          && (oldest == null || owner.windowUsed < oldest.windowUsed)) {
        oldest = owner;
      }
    }
    if (oldest == null) {
      return false;
    }
    forget(oldest);
    return true;
  }

  /// The window of a block, if it has one, stays.
  void hold(KvBlock block) {
    block.windowHolders++;
  }

  void letGo(KvBlock block) {
    block.windowHolders--;
    block.windowUsed = ++clock;
  }

  /// The window of a block is nobody's any more.
  void forget(KvBlock block) {
    if (block.window != PageCopy.NONE) {
      owners[block.window] = null;
      free.add(block.window);
      block.window = PageCopy.NONE;
    }
  }

  /// The furthest place where a text that goes on behind `parent` can be gone on with.
  ///
  /// @param index pages up to and with `parent`
  /// @param held the first of these whose windows are there, up to `parent`
  /// @param after it has to be further than so many tokens
  /// @param limit and no further than so many
  @Nullable Found latest(KvBlock parent, int[] text, int index, int held, int after, int limit) {
    int begin = index * PAGE;
    int end = Math.min(limit, begin + PAGE);
    Found latest = null;
    for (KvBlock child : parent.children) {
      int common = begin < end ? child.common(text, begin, end) : 0;
      int from = child.window == PageCopy.NONE ? index + 1 : held;
      int length = begin + common;
      int least = latest == null ? after : latest.length;
      if (from <= index && length > least && first(length) >= from) {
        latest = new Found(child, length);
        least = length;
      }
      if (common == PAGE) {
        Found further = latest(child, text, index + 1, from, least, limit);
        latest = further == null ? latest : further;
      }
    }
    return latest;
  }
}
