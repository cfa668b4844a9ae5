package dllama.tokenizer;

import static dllama.tokenizer.CodePoints.BREAK;
import static dllama.tokenizer.CodePoints.SPACE;

/// A rule of a pre-tokenizer: what stands together. Published vocabularies write these rules as
/// regular expressions, which the comments quote; here they are loops that look at each character a
/// few times, however long the text is.
@FunctionalInterface
interface Rule {
  /// Where the piece ends that begins at `at`.
  ///
  /// @param limit end of what may be looked at
  /// @return `at` if no piece of this kind begins there
  int end(CodePoints text, int at, int limit);

  /// `X`
  static Rule one(CharSet set) {
    return (text, at, limit) -> set.has(text, at) ? at + 1 : at;
  }

  /// `X+`
  static Rule run(CharSet set) {
    return set::run;
  }

  /// `X{1,most}`
  static Rule upTo(int most, CharSet set) {
    return (text, at, limit) -> set.run(text, at, Math.min(limit, at + most));
  }

  /// `X{count}`
  static Rule exactly(int count, CharSet set) {
    return (text, at, limit) -> {
      int end = set.run(text, at, Math.min(limit, at + count));
      return end == at + count ? end : at;
    };
  }

  /// `F?X+[tail]*`, such as a word with the space in front of it.
  static Rule after(CharSet first, CharSet set, CharSet tail) {
    return (text, at, limit) -> {
      int from = first.has(text, at) ? at + 1 : at;
      int end = set.run(text, from, limit);
      if (end > from) {
        return tail.run(text, end, limit);
      }
      // Without the first character, if it is one of X itself.
      return from > at && set.has(text, at) ? tail.run(text, from, limit) : at;
    };
  }

  /// `F?X+`
  static Rule after(CharSet first, CharSet set) {
    return after(first, set, NONE);
  }

  CharSet NONE = (text, index) -> false;

  /// `F[set]+`, where F is a single character.
  static Rule led(CharSet first, CharSet set) {
    return (text, at, limit) -> {
      int end = first.has(text, at) ? set.run(text, at + 1, limit) : at;
      return end > at + 1 ? end : at;
    };
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d`
  ///
  /// @param anyCase whether capitals count, too
  static Rule contraction(boolean anyCase) {
    return (text, at, limit) -> {
      if (!text.is(at, limit, '\'') || at + 1 >= limit) {
        return at;
      }
      char first = letter(text, at + 1, anyCase);
      if (first == 's' || first == 't' || first == 'm' || first == 'd') {
        return at + 2;
      }
      char second = at + 2 < limit ? letter(text, at + 2, anyCase) : 0;
      boolean pair = second == 'e' && (first == 'r' || first == 'v');
      return pair || (first == 'l' && second == 'l') ? at + 3 : at;
    };
  }

  private static char letter(CodePoints text, int index, boolean anyCase) {
    int codePoint = text.codePoint(index);
    boolean capital = anyCase && codePoint >= 'A' && codePoint <= 'Z';
    return codePoint >= 0x80 ? 0 : (char) (capital ? codePoint + ('a' - 'A') : codePoint);
  }

  /// `F?U*L+` and, where nothing is like that, `F?U+L*`; an ending if there is one. U and L are
  /// capitals and small letters, and letters that are neither are in both. So words are split where
  /// capitals begin.
  static Rule cased(CharSet first, CharSet upper, CharSet lower, Rule ending) {
    return (text, at, limit) -> {
      boolean led = first.has(text, at);
      int end = led ? withSmall(text, at + 1, limit, upper, lower) : -1;
      if (end < 0) {
        end = withSmall(text, at, limit, upper, lower);
      }
      if (end < 0 && led) {
        end = upper.run(text, at + 1, limit);
        end = end == at + 1 ? -1 : lower.run(text, end, limit);
      }
      if (end < 0) {
        end = upper.run(text, at, limit);
        end = end == at ? -1 : lower.run(text, end, limit);
      }
      return end < 0 ? at : end < limit ? ending.end(text, end, limit) : end;
    };
  }

  /// `U*L+`, −1 if there is none. Capitals at the end of U* are given back until one is found that
  /// is in L, too.
  private static int withSmall(CodePoints text, int from, int limit, CharSet upper, CharSet lower) {
    int both = -1;
    int end = from;
    while (end < limit && upper.has(text, end)) {
      if (lower.has(text, end)) {
        both = end;
      }
      end++;
    }
    if (end < limit && lower.has(text, end)) {
      return lower.run(text, end, limit);
    }
    return both < 0 ? -1 : both + 1;
  }

  /// `\s*[\r\n]+`
  static Rule breaks() {
    return (text, at, limit) -> {
      int end = at;
      for (int i = at; i < limit && text.is(i, SPACE); i++) {
        end = text.is(i, BREAK) ? i + 1 : end;
      }
      return end;
    };
  }

  /// `\s+(?!\S)|\s+`: a space before something else is left to it.
  static Rule spaces() {
    return (text, at, limit) -> {
      int end = CharSet.of(SPACE).run(text, at, limit);
      return end < limit && end > at + 1 ? end - 1 : end;
    };
  }
}
