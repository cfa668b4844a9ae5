package dllama.generation;

import dllama.step.PageCopy;
import dllama.step.PagePool;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which tokens the pages of keys and values hold: a tree in which texts share what they begin
/// with. Pages that nobody holds any more stay for who begins alike, and those that were let go of
/// longest ago go first when pages run out. What else a text needs to be gone on with is kept by
/// its blocks, too ([KvStates]).
///
/// Texts are compared token by token, not by hashes: a page more or less is then never a matter of
/// luck, and a block that differs is left at the first token that does. One world's; one thread.
final class KvTable {
  /// By page; null where it is free.
  private final @Nullable KvBlock[] blocks;

  private final Deque<Integer> free = new ArrayDeque<>();
  private final List<PageCopy> copies = new ArrayList<>();
  private final KvBlock root = new KvBlock(-1, null);
  private final KvWindows windows;
  private final KvStates states;
  private long clock;

  /// One of a model whose sequences have pages alone.
  ///
  /// @param pages that there are
  KvTable(int pages) {
    this(new PagePool(0, pages), 0);
  }

  /// @param span positions that a token sees in layers that see the latest ones only
  KvTable(PagePool pool, int span) {
    blocks = new KvBlock[pool.pages()];
    for (int page = 0; page < pool.pages(); page++) {
      free.add(page);
    }
    windows = new KvWindows(pool.windows(), span);
    states = new KvStates(pool.states());
  }

  KvWindows windows() {
    return windows;
  }

  KvStates states() {
    return states;
  }

  KvBlock root() {
    return root;
  }

  /// Copies that the next step has to make; they are forgotten.
  List<PageCopy> takeCopies() {
    List<PageCopy> all = List.copyOf(copies);
    copies.clear();
    return all;
  }

  /// The child of `parent` that has most of a text's next tokens, from `begin` to `end`.
  static @Nullable KvBlock closest(KvBlock parent, int[] text, int begin, int end) {
    KvBlock best = null;
    int most = 0;
    for (KvBlock child : parent.children) {
      int common = child.common(text, begin, end);
      if (common > most) {
        most = common;
        best = child;
      }
    }
    return best;
  }

  void hold(KvBlock block) {
    block.holders++;
  }

  void letGo(KvBlock block) {
    block.holders--;
    block.used = ++clock;
    if (block.holders == 0 && block.size() == 0) {
      remove(block);
    }
  }

  /// A new block behind `parent`; null if every page or window is held.
  @Nullable KvBlock allocate(KvBlock parent) {
    if (free.isEmpty() && !evict()) {
      return null;
    }
    KvBlock block = new KvBlock(free.element(), parent);
    if (!windows.allocate(block)) {
      return null;
    }
    blocks[free.remove()] = block;
    parent.children.add(block);
    return block;
  }

  /// A new block that begins as `block` does; null if every page or window is held.
  @Nullable KvBlock copy(KvBlock block, int positions) {
    hold(block); // it has to be there until it is read
    windows.hold(block);
    KvBlock copy = block.parent == null ? null : allocate(block.parent);
    if (copy != null) {
      copy.copy(block, positions);
      copies.add(new PageCopy(block.page, copy.page, block.window, copy.window));
    }
    windows.letGo(block);
    letGo(block);
    return copy;
  }

  /// Forgets what follows the first positions of a block that nobody else holds.
  void cut(KvBlock block, int positions) {
    List.copyOf(block.children).forEach(this::removeAll);
    int before = block.depth * KvBlock.PAGE;
    List.copyOf(block.states).stream()
        .filter(state -> state.length > before + positions)
        .forEach(states::forget);
    block.truncate(positions);
  }

  private void removeAll(KvBlock block) {
    List.copyOf(block.children).forEach(this::removeAll);
    remove(block);
  }

  private boolean evict() {
    KvBlock oldest = null;
    for (KvBlock block : blocks) {
      if (block != null
          && block.holders == 0
          && block.children.isEmpty()
          && (oldest == null || block.used < oldest.used)) {
        oldest = block;
      }
    }
    if (oldest == null) {
      return false;
    }
    remove(oldest);
    return true;
  }

  private void remove(KvBlock block) {
    windows.forget(block);
    List.copyOf(block.states).forEach(states::forget);
    if (block.parent != null) {
      block.parent.children.remove(block);
    }
    blocks[block.page] = null;
    free.add(block.page);
  }
}
