package dllama.generation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The places for states of a world, of models whose sequences have such. A text can only be gone
/// on with from where its state was kept; those that were let go of longest ago go first when
/// places run out. One world's; one thread.
final class KvStates {
  private final Deque<Integer> free = new ArrayDeque<>();

  /// Those that blocks keep.
  private final List<KvState> kept = new ArrayList<>();

  private final boolean none;
  private long clock;

  /// @param places that there are; 0 where sequences have no states
  KvStates(int places) {
    none = places == 0;
    for (int place = 0; place < places; place++) {
      free.add(place);
    }
  }

  /// Whether sequences have no states.
  boolean isNone() {
    return none;
  }

  /// A place that nobody else has; held. Null if every place is held.
  @Nullable KvState allocate() {
    if (free.isEmpty() && !evict()) {
      return null;
    }
    KvState state = new KvState(free.remove());
    state.holders = 1;
    return state;
  }

  private boolean evict() {
    KvState oldest = null;
    for (KvState state : kept) {
      if (state.holders == 0 && (oldest == null || state.used < oldest.used)) {
        oldest = state;
      }
    }
    if (oldest == null) {
      return false;
    }
    forget(oldest);
    return true;
  }

  void hold(KvState state) {
    state.holders++;
  }

  void letGo(KvState state) {
    state.holders--;
    state.used = ++clock;
    if (state.holders == 0 && state.block == null) {
      free.add(state.place);
    }
  }

  /// Has a block keep the state of the first `length` tokens of its text, unless it has one.
  void keep(KvState state, KvBlock block, int length) {
    if (state.block == null && block.states.stream().noneMatch(of -> of.length == length)) {
      state.block = block;
      state.length = length;
      block.states.add(state);
      kept.add(state);
    }
  }

  /// Nobody finds it any more.
  void forget(KvState state) {
    if (state.block != null) {
      state.block.states.remove(state);
      state.block = null;
      kept.remove(state);
      if (state.holders == 0) {
        free.add(state.place);
      }
    }
  }

  /// The state of the most tokens of a text that goes on behind `parent`.
  ///
  /// @param begin tokens up to and with `parent`
  /// @param after it has to be of more tokens
  /// @param limit and of no more than these
  static @Nullable KvState latest(KvBlock parent, int[] text, int begin, int after, int limit) {
    KvState latest = null;
    int least = after;
    for (KvBlock child : parent.children) {
      int end = Math.min(limit, begin + KvBlock.PAGE);
      int common = child.common(text, begin, end);
      for (KvState state : child.states) {
        if (state.length > least && state.length <= begin + common) {
          latest = state;
          least = state.length;
        }
      }
      KvState further =
          common == KvBlock.PAGE ? latest(child, text, begin + common, least, limit) : null;
      if (further != null) {
        latest = further;
        least = further.length;
      }
    }
    return latest;
  }
}
