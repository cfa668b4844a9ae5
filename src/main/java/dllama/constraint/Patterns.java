package dllama.constraint;

import java.util.List;
import java.util.Optional;

/// Automata of regular expressions.
final class Patterns {
  private static final int MOST_STATES = 20_000;

  private static final PatternNode ANYTHING =
      new PatternNode.Times(new PatternNode.One(Characters.ALL), 0, Integer.MAX_VALUE);

  /// One character of a string of JSON. After an escaped first half of a character there has to be
  /// the second one.
  static final Dfa CHARACTER =
      raw(
          "[^\"\\\\\\u0000-\\u001f]|\\\\([\"\\\\/bfnrt]|u([0-9A-Ca-cE-Fe-f][0-9A-Fa-f]{3}"
              + "|[Dd][0-7][0-9A-Fa-f]{2}"
              + "|[Dd][89ABab][0-9A-Fa-f]{2}\\\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}))");

  /// Any characters.
  static final Dfa TEXT = built(ANYTHING, false).build().orElseThrow();

  private Patterns() {}

  /// Texts that match as a whole, as they are.
  static Dfa raw(String pattern) {
    return built(PatternParser.parse(pattern), false).build().orElseThrow();
  }

  /// Strings of JSON with quotes in which a pattern is found; empty if there are none.
  ///
  /// @param pattern anywhere, unless `^` and `$` say where
  /// @param length limits of the number of characters; null where there are none
  /// @throws dllama.error.UserException if the pattern is not supported or too large
  static Optional<Dfa> strings(String pattern, Optional<JsonString> length) {
    PatternNode found =
        new PatternNode.All(List.of(ANYTHING, PatternParser.parse(pattern), ANYTHING));
    Optional<Dfa> dfa = built(found, true).quoted().build();
    return dfa.isPresent() && length.isPresent()
        ? DfaBuilder.both(dfa.get(), length.get(), MOST_STATES).build()
        : dfa;
  }

  private static DfaBuilder built(PatternNode pattern, boolean json) {
    Nfa nfa = new Nfa();
    return Subsets.of(nfa, pattern.into(nfa, 0, json), MOST_STATES);
  }
}
