package dllama.generation;

import dllama.step.ForwardPass;
import dllama.step.RunState;
import java.util.ArrayList;
import java.util.List;

/// What a sequence holds of a [KvTable]: the pages of its tokens so far, and of models whose
/// sequences have a state where that is. Not thread-safe.
///
/// A step is put together by [#reserve], and told what became of it by [#commit].
final class KvLease {
  private static final int PAGE = ForwardPass.PAGE;
  private static final int[] NOTHING = {};

  /// Successive tokens that a step computes.
  ///
  /// @param state where their sequence's is before and after them
  record Part(int from, int count, RunState state) {}

  private final KvTable table;

  /// What the first page follows.
  private final KvBlock root;

  /// Each follows the one before.
  private final List<KvBlock> path = new ArrayList<>();

  private final LeasedState state;
  private final KvWindows windows;

  /// The first block of the path whose window is held: what comes before is not seen any more.
  private int firstWindow;

  private int cached;

  /// Positions behind these that the step under way computes.
  private int reserved;

  KvLease(KvTable table) {
    this(table, table.root());
  }

  private KvLease(KvTable table, KvBlock root) {
    this.table = table;
    this.root = root;
    state = new LeasedState(table.states());
    windows = table.windows();
  }

  /// One that finds nothing that others have computed, and whose pages nobody finds: they are free
  /// once it lets go of them.
  static KvLease apart(KvTable table) {
    return new KvLease(table, new KvBlock(-1, null));
  }

  private boolean isApart() {
    return root != table.root();
  }

  /// Whether its sequence has a state, so that all or nothing of a step is to be committed.
  boolean hasState() {
    return !table.states().isNone();
  }

  /// Positions whose keys and values are there.
  int cached() {
    return cached;
  }

  /// Pages of all positions up to what is reserved.
  int[] pages() {
    return path.stream().mapToInt(block -> block.page).toArray();
  }

  /// Windows of the last of these; none where all layers see everything.
  int[] windows() {
    return windows.isNone()
        ? NOTHING
        : path.stream().skip(firstWindow).mapToInt(block -> block.window).toArray();
  }

  /// Looks for more of a text that others have computed.
  ///
  /// @param limit the most positions to find
  void extend(int[] text, int limit) {
    if (hasState()) {
      extendState(text, limit);
    } else if (windows.isNone()) {
      extendPages(text, limit);
    } else {
      extendWindows(text, limit);
    }
  }

  private void extendState(int[] text, int limit) {
    int index = cached / PAGE;
    KvState further = KvStates.latest(parent(index), text, index * PAGE, cached, limit);
    if (further != null && further.block != null) {
      goOnBehind(further.block, 0);
      cached = further.length;
      state.goOnFrom(further);
    }
  }

  private void extendWindows(int[] text, int limit) {
    int index = cached / PAGE;
    int held = Math.min(firstWindow, index);
    KvWindows.Found further = windows.latest(parent(index), text, index, held, cached, limit);
    if (further != null) {
      goOnBehind(further.block(), windows.first(further.length()));
      cached = further.length();
    }
  }

  private void extendPages(int[] text, int limit) {
    while (cached < limit) {
      int index = cached / PAGE;
      int begin = index * PAGE;
      int end = Math.min(limit, begin + PAGE);
      KvBlock closest = KvTable.closest(parent(index), text, begin, end);
      int common = closest == null ? 0 : closest.common(text, begin, end);
      if (closest == null || common <= cached - begin) {
        return;
      }
      table.hold(closest);
      letGo(index);
      path.add(closest);
      windows.hold(closest);
      cached = begin + common;
    }
  }

  /// Holds the path to a block in place of what it holds.
  ///
  /// @param first block of that path whose window is needed
  private void goOnBehind(KvBlock block, int first) {
    List<KvBlock> other = new ArrayList<>();
    for (KvBlock next = block; next.parent != null; next = next.parent) {
      table.hold(next);
      other.addFirst(next);
    }
    other.stream().skip(first).forEach(windows::hold);
    letGo(0);
    path.addAll(other);
    firstWindow = first;
  }

  /// Whether another sequence's next step computes what this one needs next; where sequences have
  /// states, or what comes before a state that it will find.
  ///
  /// @param size tokens of the text
  boolean awaits(int[] text, int size) {
    int index = cached / PAGE;
    int begin = index * PAGE;
    return parent(index).children.stream()
        .anyMatch(
            child ->
                hasState()
                    ? child.grows(text, begin, cached - begin, size)
                    : child.claims(text, begin, cached));
  }

  /// Makes room for the next tokens of a text.
  ///
  /// @param read tokens that are read; where sequences have states, some of those on the way to the
  ///     last one but one of these are kept
  /// @return for how many of them there is some; 0 where every page is held
  int reserve(int[] text, int count, int read) {
    int index = cached / PAGE;
    int offset = cached % PAGE;
    if (index < path.size() && !writable(index, offset)) {
      return 0;
    }
    while (path.size() * PAGE < cached + count) {
      KvBlock block = table.allocate(parent(path.size()));
      if (block == null) {
        break;
      }
      hold(block);
    }
    reserved = Math.min(count, path.size() * PAGE - cached);
    if (reserved > 0 && !state.reserve(cached, reserved, isApart() ? 0 : read - 1)) {
      reserved = 0;
    }
    for (int from = cached; from < cached + reserved; ) {
      int at = from % PAGE;
      int length = Math.min(PAGE - at, cached + reserved - from);
      path.get(from / PAGE).claim(text, from, length, at);
      from += length;
    }
    return reserved;
  }

  /// What is reserved, in the parts that it is to be computed in.
  List<Part> parts() {
    return state.parts(cached, reserved);
  }

  /// Makes the block that goes on at `offset` one that nobody else goes on in.
  private boolean writable(int index, int offset) {
    KvBlock block = path.get(index);
    if (block.ends(offset)) {
      return true;
    }
    KvBlock copy = table.copy(block, offset);
    if (copy != null) {
      letGo(index);
      hold(copy);
      return true;
    }
    if (block.holders > 1) {
      return false;
    }
    letGo(index + 1);
    table.cut(block, offset); // what follows is nobody's
    return true;
  }

  /// The step has computed what was reserved, and `count` positions of it are to stay: all or none
  /// where sequences have states.
  void commit(int count) {
    int first = cached / PAGE;
    cached += count;
    for (int index = first; reserved > 0 && index < path.size(); index++) {
      path.get(index).truncate(Math.clamp(cached - (long) index * PAGE, 0, PAGE));
    }
    if (count > 0) {
      state.commit(this::block);
    } else {
      state.giveUp();
    }
    reserved = 0;
    int seen = Math.min(windows.first(cached), path.size());
    while (firstWindow < seen) {
      windows.letGo(path.get(firstWindow++));
    }
  }

  /// The block of the last of so many tokens.
  private KvBlock block(int tokens) {
    return path.get((tokens - 1) / PAGE);
  }

  /// Lets go of everything; what is computed may be found again, but for that of a lease apart.
  void release() {
    commit(0);
    if (isApart()) {
      path.forEach(block -> block.truncate(0));
    } else if (cached > 0) {
      state.keep(block(cached), cached);
    }
    state.letGo();
    letGo(0);
    cached = 0;
  }

  private void hold(KvBlock next) {
    table.hold(next);
    windows.hold(next);
    path.add(next);
  }

  /// Children first.
  private void letGo(int from) {
    while (path.size() > from) {
      KvBlock last = path.removeLast();
      if (path.size() >= firstWindow) {
        windows.letGo(last);
      }
      table.letGo(last);
    }
    firstWindow = Math.min(firstWindow, path.size());
  }

  private KvBlock parent(int index) {
    return index == 0 ? root : path.get(index - 1);
  }
}
