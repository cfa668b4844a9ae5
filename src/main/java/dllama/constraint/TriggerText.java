package dllama.constraint;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Texts of whole characters that are watched for triggers. What has been seen of these is the
/// longest end of the text that one begins with (Aho and Corasick).
final class TriggerText {
  private static final int MOST_STATES = 20_000;
  private static final int BYTES = 256;

  private record State(long place, String seen) {}

  private final List<String> triggers;
  private final DfaBuilder built = new DfaBuilder(MOST_STATES);
  private final Map<State, Integer> known = new HashMap<>();
  private final List<State> states = new ArrayList<>();
  private final boolean mayEnd;

  /// @param triggers a char per byte
  private TriggerText(List<String> triggers, boolean mayEnd) {
    this.triggers = triggers;
    this.mayEnd = mayEnd;
  }

  /// Those in which no trigger is.
  static Dfa without(List<String> triggers) {
    return new TriggerText(bytes(triggers), true).build("");
  }

  /// Those that end with the trigger, and have no other one before.
  static Dfa until(String trigger, List<String> triggers) {
    return new TriggerText(bytes(triggers), false).build(bytes(List.of(trigger)).getFirst());
  }

  private static List<String> bytes(List<String> texts) {
    return texts.stream()
        .map(text -> new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1))
        .toList();
  }

  private Dfa build(String wanted) {
    number(new State(Patterns.TEXT.start(), ""));
    int end = built.state(true);
    states.add(new State(Terminal.NONE, ""));
    for (int i = 0; i < states.size(); i++) {
      State state = states.get(i);
      for (int value = 0; value < BYTES && i != end; value++) {
        long place = Patterns.TEXT.next(state.place, (byte) value);
        if (place == Terminal.NONE) {
          continue;
        }
        String seen = state.seen + (char) value;
        String found = triggers.stream().filter(seen::endsWith).findFirst().orElse(null);
        if (found == null) {
          built.edge(i, value, value, number(new State(place, kept(seen))));
        } else if (found.equals(wanted)) {
          built.edge(i, value, value, end);
        }
      }
    }
    return built.build().orElseThrow();
  }

  private int number(State state) {
    Integer id = known.get(state);
    if (id == null) {
      id = built.state(mayEnd && Patterns.TEXT.accepts(state.place));
      known.put(state, id);
      states.add(state);
    }
    return id;
  }

  /// The longest end that a trigger begins with.
  private String kept(String seen) {
    for (int from = 0; from < seen.length(); from++) {
      String rest = seen.substring(from);
      if (triggers.stream().anyMatch(trigger -> trigger.startsWith(rest))) {
        return rest;
      }
    }
    return "";
  }
}
