package dllama.generation;

import dllama.generation.KvLease.Part;
import dllama.step.RunState;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/// Where a sequence's state is, of models with such, and where a step leaves it; nothing of others.
/// A step never writes where it begins: it may be done again, and others may begin there, too. So a
/// sequence needs two places. Not thread-safe.
///
/// States on the way through a prompt are kept as far as there are places: a text that begins alike
/// goes on from the last of them. They are kept after 1, 2, 4, 8, … pages, after the last whole
/// page, and before the last token, whose logits somebody may ask for again.
final class LeasedState {
  private static final int PAGE = KvBlock.PAGE;

  /// A state that the step under way leaves.
  private record Left(int length, KvState state, boolean kept) {}

  private final KvStates states;

  /// Null at the beginning of a text.
  private @Nullable KvState current;

  private final List<Left> left = new ArrayList<>();

  LeasedState(KvStates states) {
    this.states = states;
  }

  /// Goes on from a state that is kept.
  void goOnFrom(KvState kept) {
    states.hold(kept);
    letGo();
    current = kept;
  }

  /// Finds places for what a step leaves.
  ///
  /// @param from tokens before the step
  /// @param count tokens of it
  /// @param last tokens after which the last state is kept; of those after fewer some are; 0: none
  /// @return false if every place is held
  boolean reserve(int from, int count, int last) {
    if (states.isNone()) {
      return true;
    }
    KvState end = states.allocate();
    if (end == null) {
      return false;
    }
    int to = from + count;
    for (int length = from + 1; length < to; length++) {
      KvState state = isKept(length, last) ? states.allocate() : null;
      if (state != null) {
        left.add(new Left(length, state, true));
      }
    }
    left.add(new Left(to, end, isKept(to, last)));
    return true;
  }

  private static boolean isKept(int length, int last) {
    int pages = length / PAGE;
    boolean border = length % PAGE == 0 && (Integer.bitCount(pages) == 1 || pages == last / PAGE);
    return length == last || (border && length < last);
  }

  /// What was reserved, in parts.
  List<Part> parts(int from, int count) {
    if (states.isNone()) {
      return List.of(new Part(from, count, RunState.alone(from)));
    }
    List<Part> parts = new ArrayList<>();
    int begin = from;
    int before = current == null ? RunState.NONE : current.place;
    for (Left next : left) {
      RunState state = new RunState(before, next.state.place);
      parts.add(new Part(begin, next.length - begin, state));
      begin = next.length;
      before = next.state.place;
    }
    return parts;
  }

  /// All that was reserved is computed.
  ///
  /// @param blocks of the last of so many tokens
  void commit(IntFunction<KvBlock> blocks) {
    for (Left next : left) {
      if (next.kept) {
        states.keep(next.state, blocks.apply(next.length), next.length);
      }
      letGo();
      current = next.state;
    }
    left.clear();
  }

  /// Nothing of what was reserved is computed.
  void giveUp() {
    left.forEach(next -> states.letGo(next.state));
    left.clear();
  }

  /// Has a block keep the state that there is.
  void keep(KvBlock block, int length) {
    if (current != null) {
      states.keep(current, block, length);
    }
  }

  /// Is at the beginning of a text.
  void letGo() {
    if (current != null) {
      states.letGo(current);
      current = null;
    }
  }
}
