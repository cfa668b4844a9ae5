package dllama.constraint;

import dllama.constraint.PatternNode.All;
import dllama.constraint.PatternNode.Either;
import dllama.constraint.PatternNode.End;
import dllama.constraint.PatternNode.One;
import dllama.constraint.PatternNode.Start;
import dllama.constraint.PatternNode.Times;
import dllama.error.UserException;
import java.util.ArrayList;
import java.util.List;

/// Reads regular expressions as JSON schemas have them (ECMAScript's), as far as they are regular:
/// no looking around, no references to groups, no borders of words.
final class PatternParser {
  private static final int MOST_CHARACTERS = 10_000;
  private static final int MOST_NESTED = 50;
  private static final int MOST_TIMES = 10_000;

  private final int[] pattern;
  private int at;
  private int depth;

  private PatternParser(String pattern) {
    this.pattern = pattern.codePoints().toArray();
  }

  /// @throws UserException for what is not supported
  static PatternNode parse(String pattern) {
    if (pattern.length() > MOST_CHARACTERS) {
      throw new UserException("it has more than %d characters".formatted(MOST_CHARACTERS));
    }
    PatternParser parser = new PatternParser(pattern);
    PatternNode node = parser.either();
    if (parser.at < parser.pattern.length) {
      throw new UserException("a ) without a (");
    }
    return node;
  }

  private PatternNode either() {
    if (++depth > MOST_NESTED) {
      throw new UserException("more than %d groups within each other".formatted(MOST_NESTED));
    }
    List<PatternNode> parts = new ArrayList<>();
    parts.add(all());
    while (take('|')) {
      parts.add(all());
    }
    depth--;
    return parts.size() == 1 ? parts.getFirst() : new Either(parts);
  }

  private PatternNode all() {
    List<PatternNode> parts = new ArrayList<>();
    while (at < pattern.length && pattern[at] != '|' && pattern[at] != ')') {
      parts.add(times());
    }
    return new All(parts);
  }

  private PatternNode times() {
    PatternNode part = single();
    boolean assertion = part instanceof Start || part instanceof End;
    int before = at;
    int min;
    int max;
    if (take('*')) {
      min = 0;
      max = Integer.MAX_VALUE;
    } else if (take('+')) {
      min = 1;
      max = Integer.MAX_VALUE;
    } else if (take('?')) {
      min = 0;
      max = 1;
    } else if (take('{')) {
      min = number();
      max = min;
      if (take(',')) {
        max = at < pattern.length && pattern[at] == '}' ? Integer.MAX_VALUE : number();
      }
      expect('}');
      if (max < min) {
        throw new UserException("{%d,%d} in it has no meaning".formatted(min, max));
      }
    } else {
      return part;
    }
    take('?'); // Which match is preferred does not matter.
    if (assertion || (at < pattern.length && isQuantifier(pattern[at]))) {
      throw new UserException("nothing to repeat at character %d".formatted(before + 1));
    }
    return new Times(part, min, max);
  }

  private static boolean isQuantifier(int c) {
    return c == '*' || c == '+' || c == '?' || c == '{';
  }

  private PatternNode single() {
    int c = pattern[at++];
    return switch (c) {
      case '^' -> new Start();
      case '$' -> new End();
      case '.' -> new One(Characters.NO_LINE_ENDS);
      case '(' -> group();
      case '[' -> new One(set());
      case '\\' -> new One(escape(false));
      case '*', '+', '?', '{' ->
          throw new UserException("nothing to repeat at character %d".formatted(at));
      default -> new One(Characters.of(c, c));
    };
  }

  private PatternNode group() {
    if (take('?')) {
      if (take('<') && at < pattern.length && pattern[at] != '=' && pattern[at] != '!') {
        while (at < pattern.length && pattern[at] != '>') {
          at++;
        }
        expect('>');
      } else if (!take(':')) {
        throw new UserException("looking around (?= ?! ?<= ?<!) is not supported");
      }
    }
    PatternNode inside = either();
    expect(')');
    return inside;
  }

  private Characters set() {
    boolean others = take('^');
    List<int[]> ranges = new ArrayList<>();
    while (at < pattern.length && pattern[at] != ']') {
      Characters from = member();
      boolean range =
          at + 1 < pattern.length && pattern[at] == '-' && pattern[at + 1] != ']' && isOne(from);
      if (range) {
        at++;
        Characters to = member();
        int low = from.ranges().getFirst()[0];
        if (!isOne(to) || to.ranges().getFirst()[0] < low) {
          throw new UserException("a range in [ ] that has no meaning");
        }
        ranges.add(new int[] {low, to.ranges().getFirst()[0]});
      } else {
        ranges.addAll(from.ranges());
      }
    }
    expect(']');
    Characters all = Characters.union(ranges);
    return others ? all.complement() : all;
  }

  private static boolean isOne(Characters characters) {
    List<int[]> ranges = characters.ranges();
    return ranges.size() == 1 && ranges.getFirst()[0] == ranges.getFirst()[1];
  }

  private Characters member() {
    int c = pattern[at++];
    return c == '\\' ? escape(true) : Characters.of(c, c);
  }

  /// What stands behind a backslash.
  private Characters escape(boolean inSet) {
    if (at == pattern.length) {
      throw new UserException("it ends with a backslash");
    }
    int c = pattern[at++];
    return switch (c) {
      case 'd' -> Characters.DIGITS;
      case 'D' -> Characters.DIGITS.complement();
      case 'w' -> Characters.WORD;
      case 'W' -> Characters.WORD.complement();
      case 's' -> Characters.SPACES;
      case 'S' -> Characters.SPACES.complement();
      case 't' -> one('\t');
      case 'n' -> one('\n');
      case 'r' -> one('\r');
      case 'f' -> one('\f');
      case 'v' -> one(0xB);
      case '0' -> one(0);
      case 'x' -> one(hex(2));
      case 'u' -> one(take('{') ? braced() : hex(4));
      default -> {
        boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (inSet && c == 'b') {
          yield one('\b');
        }
        if (letter || (c >= '1' && c <= '9')) {
          throw new UserException("\\%s is not supported".formatted(Character.toString(c)));
        }
        yield one(c);
      }
    };
  }

  private static Characters one(int c) {
    if (c > Character.MAX_CODE_POINT || (c >= 0xD800 && c <= 0xDFFF)) {
      throw new UserException("\\u%x is no character".formatted(c));
    }
    return Characters.of(c, c);
  }

  private int braced() {
    int value = 0;
    while (at < pattern.length && pattern[at] != '}' && value <= Character.MAX_CODE_POINT) {
      value = value << 4 | hex(1);
    }
    expect('}');
    return value;
  }

  private int hex(int digits) {
    int value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = at < pattern.length ? Character.digit(pattern[at++], 16) : -1;
      if (digit < 0) {
        throw new UserException("a hexadecimal digit is missing");
      }
      value = value << 4 | digit;
    }
    return value;
  }

  private int number() {
    int value = 0;
    int from = at;
    while (at < pattern.length && pattern[at] >= '0' && pattern[at] <= '9') {
      value = 10 * value + pattern[at++] - '0';
      if (value > MOST_TIMES) {
        throw new UserException("more than %d repetitions".formatted(MOST_TIMES));
      }
    }
    if (at == from) {
      throw new UserException("a number is missing in { }");
    }
    return value;
  }

  private boolean take(int c) {
    if (at < pattern.length && pattern[at] == c) {
      at++;
      return true;
    }
    return false;
  }

  private void expect(int c) {
    if (!take(c)) {
      throw new UserException("a %s is missing".formatted(Character.toString(c)));
    }
  }
}
