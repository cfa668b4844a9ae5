package dllama.tokenizer;

import static dllama.tokenizer.CodePoints.SPACE;

import java.util.List;

/// Splits a text into pieces, within which merging stays. Immutable.
@FunctionalInterface
interface Splitter {
  /// Adds the ends of the pieces of `text[from, to)`, the last of which is `to`.
  void split(CodePoints text, int from, int to, IntList ends);

  /// At each character the first rule that finds a piece decides. What is between pieces is a
  /// piece.
  static Splitter of(Rule... rules) {
    return (text, from, to, ends) -> {
      int between = from;
      int at = from;
      while (at < to) {
        int end = end(rules, text, at, to);
        if (end == at) {
          at++;
          continue;
        }
        if (at > between) {
          ends.add(at);
        }
        ends.add(end);
        at = end;
        between = end;
      }
      if (to > between) {
        ends.add(to);
      }
    };
  }

  private static int end(Rule[] rules, CodePoints text, int at, int limit) {
    for (Rule rule : rules) {
      int end = rule.end(text, at, limit);
      if (end > at) {
        return end;
      }
    }
    return at;
  }

  /// Every character of a set begins a piece.
  static Splitter startingWith(CharSet set) {
    return (text, from, to, ends) -> {
      for (int at = from + 1; at < to; at++) {
        if (set.has(text, at)) {
          ends.add(at);
        }
      }
      ends.add(to);
    };
  }

  /// `\s+$`
  static Splitter trailingSpaces() {
    return (text, from, to, ends) -> {
      int end = to;
      while (end > from && text.is(end - 1, SPACE)) {
        end--;
      }
      if (end > from && end < to) {
        ends.add(end);
      }
      ends.add(to);
    };
  }

  /// Applies one after the other, each to the pieces of the one before.
  static IntList split(List<Splitter> splitters, CodePoints text) {
    IntList ends = new IntList();
    if (text.size() > 0) {
      ends.add(text.size());
    }
    for (Splitter splitter : splitters) {
      IntList finer = new IntList();
      int from = 0;
      for (int i = 0; i < ends.size(); i++) {
        splitter.split(text, from, ends.get(i), finer);
        from = ends.get(i);
      }
      ends = finer;
    }
    return ends;
  }
}
