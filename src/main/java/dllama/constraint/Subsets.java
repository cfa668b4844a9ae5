package dllama.constraint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Makes a deterministic automaton of an [Nfa], whose states are sets of its places. One that
/// stands behind [Nfa#AT_END] is counted from the number of places on.
final class Subsets {
  /// Places in all sets together.
  private static final int MOST_PLACES = 2_000_000;

  /// A set as a key.
  private record Key(int[] places) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Key(int[] others) && Arrays.equals(places, others);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(places);
    }
  }

  private final Nfa nfa;
  private final int accepting;
  private final DfaBuilder built;
  private final Map<Key, Integer> known = new HashMap<>();
  private final List<int[]> sets = new ArrayList<>();
  private int places;

  private Subsets(Nfa nfa, int accepting, DfaBuilder built) {
    this.nfa = nfa;
    this.accepting = accepting;
    this.built = built;
  }

  /// @param accepting the place where a text is complete
  /// @throws dllama.error.UserException where it would be too large
  static DfaBuilder of(Nfa nfa, int accepting, int mostStates) {
    Subsets subsets = new Subsets(nfa, accepting, new DfaBuilder(mostStates));
    BitSet start = new BitSet();
    subsets.close(start, 0, true);
    subsets.number(start);
    for (int i = 0; i < subsets.sets.size(); i++) {
      subsets.edges(i);
    }
    return subsets.built;
  }

  private int number(BitSet set) {
    int[] members = set.stream().toArray();
    Key key = new Key(members);
    Integer id = known.get(key);
    if (id != null) {
      return id;
    }
    places += members.length;
    if (places > MOST_PLACES) {
      throw DfaBuilder.tooLarge();
    }
    int next = built.state(set.get(accepting) || set.get(accepting + nfa.states()));
    known.put(key, next);
    sets.add(members);
    return next;
  }

  /// Adds a place and what can be reached from it without a byte.
  private void close(BitSet set, int place, boolean start) {
    List<Integer> open = new ArrayList<>(List.of(place));
    while (!open.isEmpty()) {
      int at = open.removeLast();
      if (set.get(at)) {
        continue;
      }
      set.set(at);
      boolean ended = at >= nfa.states();
      int state = ended ? at - nfa.states() : at;
      for (int edge = nfa.edgeOf(state); edge >= 0; edge = nfa.edgeBefore(edge)) {
        int to = nfa.target(edge) + (ended ? nfa.states() : 0);
        switch (nfa.low(edge)) {
          case Nfa.NOTHING -> open.add(to);
          case Nfa.AT_START -> {
            if (start) {
              open.add(to);
            }
          }
          case Nfa.AT_END -> open.add(nfa.target(edge) + nfa.states());
          default -> {}
        }
      }
    }
  }

  private void edges(int id) {
    int[] set = sets.get(id);
    BitSet bounds = new BitSet();
    for (int place : set) {
      for (int edge = edgeOf(place); edge >= 0; edge = nfa.edgeBefore(edge)) {
        if (nfa.low(edge) >= 0) {
          bounds.set(nfa.low(edge));
          bounds.set(nfa.high(edge) + 1);
        }
      }
    }
    for (int low = bounds.nextSetBit(0); low >= 0; ) {
      int end = bounds.nextSetBit(low + 1);
      if (end < 0) {
        break;
      }
      BitSet reached = new BitSet();
      for (int place : set) {
        for (int edge = edgeOf(place); edge >= 0; edge = nfa.edgeBefore(edge)) {
          if (nfa.low(edge) >= 0 && nfa.low(edge) <= low && low <= nfa.high(edge)) {
            close(reached, nfa.target(edge), false);
          }
        }
      }
      if (!reached.isEmpty()) {
        built.edge(id, low, end - 1, number(reached));
      }
      low = end;
    }
  }

  /// Edges that take bytes; none where no byte may follow.
  private int edgeOf(int place) {
    return place < nfa.states() ? nfa.edgeOf(place) : -1;
  }
}
