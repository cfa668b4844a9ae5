package dllama.constraint;

import java.util.List;

/// A part of a regular expression.
sealed interface PatternNode {
  /// One character.
  record One(Characters of) implements PatternNode {}

  record All(List<PatternNode> parts) implements PatternNode {}

  record Either(List<PatternNode> parts) implements PatternNode {}

  /// A part several times.
  ///
  /// @param max [Integer#MAX_VALUE]: any number
  record Times(PatternNode part, int min, int max) implements PatternNode {
    private int repeated(Nfa nfa, int from, boolean json) {
      int at = from;
      for (int i = 0; i < min; i++) {
        at = part.into(nfa, at, json);
      }
      int to = nfa.state();
      nfa.jump(at, to);
      if (max == Integer.MAX_VALUE) {
        int begin = nfa.state();
        nfa.jump(to, begin);
        nfa.jump(part.into(nfa, begin, json), to);
        return to;
      }
      for (int i = min; i < max; i++) {
        at = part.into(nfa, at, json);
        nfa.jump(at, to);
      }
      return to;
    }
  }

  /// The beginning of the text.
  record Start() implements PatternNode {}

  /// The end of the text.
  record End() implements PatternNode {}

  /// Adds the ways of this part to an automaton.
  ///
  /// @param json whether characters are written as in strings of JSON
  /// @return where it ends
  default int into(Nfa nfa, int from, boolean json) {
    return switch (this) {
      case One(Characters of) -> {
        int to = nfa.state();
        CharacterBytes.edges(nfa, from, to, of, json);
        yield to;
      }
      case All(List<PatternNode> parts) -> {
        int at = from;
        for (PatternNode part : parts) {
          at = part.into(nfa, at, json);
        }
        yield at;
      }
      case Either(List<PatternNode> parts) -> {
        int to = nfa.state();
        for (PatternNode part : parts) {
          int begin = nfa.state();
          nfa.jump(from, begin);
          nfa.jump(part.into(nfa, begin, json), to);
        }
        yield to;
      }
      case Times times -> times.repeated(nfa, from, json);
      case Start() -> jump(nfa, from, Nfa.AT_START);
      case End() -> jump(nfa, from, Nfa.AT_END);
    };
  }

  private static int jump(Nfa nfa, int from, int kind) {
    int to = nfa.state();
    nfa.edge(from, kind, kind, to);
    return to;
  }
}
