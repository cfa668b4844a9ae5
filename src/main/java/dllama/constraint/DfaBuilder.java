package dllama.constraint;

import dllama.error.UserException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Makes a [Dfa] of states and edges. The first state is where it starts.
final class DfaBuilder {
  private static final int BYTES = 256;
  private static final int MOST_CELLS = 1_000_000;

  private final int mostStates;

  /// By state: low, high and target of its edges.
  private final List<List<int[]>> edges = new ArrayList<>();

  private final BitSet accepting = new BitSet();

  DfaBuilder(int mostStates) {
    this.mostStates = mostStates;
  }

  static UserException tooLarge() {
    return new UserException("it is too large; make it simpler, or its repetitions shorter");
  }

  /// @throws UserException where there are too many
  int state(boolean accepts) {
    int state = edges.size();
    if (state == mostStates) {
      throw tooLarge();
    }
    edges.add(new ArrayList<>());
    accepting.set(state, accepts);
    return state;
  }

  void edge(int from, int low, int high, int to) {
    edges.get(from).add(new int[] {low, high, to});
  }

  /// The same texts between quotes.
  DfaBuilder quoted() {
    DfaBuilder quoted = new DfaBuilder(mostStates + 2);
    int start = quoted.state(false);
    for (List<int[]> of : edges) {
      int state = quoted.state(false);
      of.forEach(edge -> quoted.edge(state, edge[0], edge[1], edge[2] + 1));
    }
    int end = quoted.state(true);
    quoted.edge(start, '"', '"', 1);
    accepting.stream().forEach(state -> quoted.edge(state + 1, '"', '"', end));
    return quoted;
  }

  /// Without states that lead nowhere; empty: there is no text at all.
  ///
  /// @throws UserException where it would be too large
  Optional<Dfa> build() {
    BitSet live = live();
    if (!live.get(0)) {
      return Optional.empty();
    }
    int[] numbers = new int[edges.size()];
    int count = 0;
    BitSet bounds = new BitSet();
    for (int state = live.nextSetBit(0); state >= 0; state = live.nextSetBit(state + 1)) {
      numbers[state] = count++;
      for (int[] edge : edges.get(state)) {
        bounds.set(edge[0]);
        bounds.set(edge[1] + 1);
      }
    }
    byte[] columns = new byte[BYTES];
    int width = 1;
    for (int value = 0; value < BYTES; value++) {
      width += value > 0 && bounds.get(value) ? 1 : 0;
      columns[value] = (byte) (width - 1);
    }
    if ((long) count * width > MOST_CELLS) {
      throw tooLarge();
    }
    int[] table = new int[count * width];
    Arrays.fill(table, -1);
    boolean[] accepts = new boolean[count];
    for (int state = live.nextSetBit(0); state >= 0; state = live.nextSetBit(state + 1)) {
      int row = numbers[state] * width;
      accepts[numbers[state]] = accepting.get(state);
      for (int[] edge : edges.get(state)) {
        if (live.get(edge[2])) {
          int from = columns[edge[0]] & 0xFF;
          int to = columns[edge[1]] & 0xFF;
          Arrays.fill(table, row + from, row + to + 1, numbers[edge[2]]);
        }
      }
    }
    return Optional.of(Grammar.settled(new Dfa(columns, width, table, accepts)));
  }

  /// States from which a text can be completed.
  private BitSet live() {
    Map<Integer, List<Integer>> from = new HashMap<>();
    for (int state = 0; state < edges.size(); state++) {
      for (int[] edge : edges.get(state)) {
        from.computeIfAbsent(edge[2], _ -> new ArrayList<>()).add(state);
      }
    }
    BitSet live = new BitSet();
    List<Integer> open = new ArrayList<>(accepting.stream().boxed().toList());
    while (!open.isEmpty()) {
      int state = open.removeLast();
      if (!live.get(state)) {
        live.set(state);
        open.addAll(from.getOrDefault(state, List.of()));
      }
    }
    return live;
  }

  /// What both automata take.
  ///
  /// @throws UserException where it would be too large
  static DfaBuilder both(Terminal a, Terminal b, int mostStates) {
    DfaBuilder both = new DfaBuilder(mostStates);
    record Pair(long a, long b) {}
    Map<Pair, Integer> known = new HashMap<>();
    List<Pair> pairs = new ArrayList<>();
    Pair start = new Pair(a.start(), b.start());
    known.put(start, both.state(a.accepts(start.a) && b.accepts(start.b)));
    pairs.add(start);
    for (int i = 0; i < pairs.size(); i++) {
      Pair pair = pairs.get(i);
      int low = 0;
      int target = -1;
      for (int value = 0; value <= BYTES; value++) {
        int to = -1;
        if (value < BYTES) {
          Pair next = new Pair(a.next(pair.a, (byte) value), b.next(pair.b, (byte) value));
          if (next.a != Terminal.NONE && next.b != Terminal.NONE) {
            Integer id = known.get(next);
            if (id == null) {
              id = both.state(a.accepts(next.a) && b.accepts(next.b));
              known.put(next, id);
              pairs.add(next);
            }
            to = id;
          }
        }
        if (to != target || value == BYTES) {
          if (target >= 0) {
            both.edge(i, low, value - 1, target);
          }
          low = value;
          target = to;
        }
      }
    }
    return both;
  }
}
