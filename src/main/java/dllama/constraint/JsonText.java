package dllama.constraint;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// The parts that JSON is written with. White space may stand where people and models put it: one
/// space behind a colon or a comma, or a line break and some spaces beside brackets and behind a
/// comma; never so much that an answer could go on with it for ever.
final class JsonText {
  private static final String LINE = "\\n {0,24}";

  static final Grammar COMMA = Patterns.raw(",( |" + LINE + ")?");

  static final Grammar OPEN_OBJECT = Patterns.raw("\\{( |" + LINE + ")?");
  static final Grammar CLOSE_OBJECT = Patterns.raw("( |" + LINE + ")?\\}");
  static final Grammar OPEN_ARRAY = Patterns.raw("\\[( |" + LINE + ")?");
  static final Grammar CLOSE_ARRAY = Patterns.raw("( |" + LINE + ")?\\]");
  static final Grammar COLON = Patterns.raw(": ?");

  static final Grammar NULL = words("null");
  static final Grammar BOOLEAN = words("true", "false");

  /// Any number of at most 15 digits in front of the point and behind it, so that it can not go on
  /// for ever and is a finite one of 64 bits.
  static final Grammar NUMBER =
      Patterns.raw("-?(0|[1-9][0-9]{0,14})(\\.[0-9]{1,15})?([eE][-+]?[0-9]{1,2})?");

  static final Grammar STRING = new JsonString(0, Integer.MAX_VALUE);

  /// Any object and any value.
  static final Grammar OBJECT;

  static final Grammar VALUE;

  static {
    Reference value = new Reference();
    Grammar object = map(STRING, value, 0, Integer.MAX_VALUE);
    value.to(
        new Choice(
            List.of(object, array(value, 0, Integer.MAX_VALUE), STRING, NUMBER, BOOLEAN, NULL)));
    VALUE = Grammar.settled(value);
    OBJECT = object;
  }

  private JsonText() {}

  static Words words(String... texts) {
    return Grammar.settled(
        new Words(
            Arrays.stream(texts).map(text -> text.getBytes(StandardCharsets.UTF_8)).toList()));
  }

  /// An object whose members all have the same form.
  static Grammar map(Grammar name, Grammar value, int min, int max) {
    return filled(
        OPEN_OBJECT, new Sequence(List.of(name, COLON, value)), CLOSE_OBJECT, "{}", min, max);
  }

  static Grammar array(Grammar item, int min, int max) {
    return filled(OPEN_ARRAY, item, CLOSE_ARRAY, "[]", min, max);
  }

  private static Grammar filled(
      Grammar open, Grammar item, Grammar close, String empty, int min, int max) {
    Grammar items = new Repeat(item, COMMA, Math.max(1, min), max);
    Grammar full = new Nested(new Sequence(List.of(open, items, close)));
    if (max == 0) {
      return words(empty);
    }
    return min > 0 ? full : new Choice(List.of(words(empty), full));
  }

  /// An array whose first items have each its own form. Any but the first `min` items may be left
  /// out, with those behind them.
  static Grammar tuple(List<Grammar> firsts, Grammar item, int min, int max) {
    Grammar nothing = new Sequence(List.of());
    int left = max == Integer.MAX_VALUE ? max : max - firsts.size();
    Grammar rest = nothing;
    if (left > 0) {
      int demanded = Math.max(1, min - firsts.size());
      rest = new Sequence(List.of(COMMA, new Repeat(item, COMMA, demanded, left)));
      rest = min > firsts.size() ? rest : new Choice(List.of(nothing, rest));
    }
    for (int i = firsts.size() - 1; i > 0; i--) {
      rest = new Sequence(List.of(COMMA, firsts.get(i), rest));
      rest = min > i ? rest : new Choice(List.of(nothing, rest));
    }
    if (firsts.isEmpty()) {
      return words("[]");
    }
    Grammar full =
        new Nested(new Sequence(List.of(OPEN_ARRAY, firsts.getFirst(), rest, CLOSE_ARRAY)));
    return min > 0 ? full : new Choice(List.of(words("[]"), full));
  }

  /// An object of listed members.
  static Grammar object(List<Members.Member> members) {
    Grammar full =
        new Nested(new Sequence(List.of(OPEN_OBJECT, new Members(members), CLOSE_OBJECT)));
    if (members.isEmpty()) {
      return words("{}");
    }
    boolean mayBeEmpty = members.stream().noneMatch(Members.Member::required);
    return mayBeEmpty ? new Choice(List.of(words("{}"), full)) : full;
  }
}
