package dllama.template;

import java.math.BigInteger;
import java.util.Locale;

/// How a value is laid out: `[[fill]align][sign][#][0][width][,][.precision][type]`.
final class FormatSpec {
  private final Context context;
  private final String spec;
  private int at;

  private String fill = " ";
  private char align;
  private char sign = '-';
  private boolean alternate;
  private long width;
  private String grouping = "";
  private int precision = -1;
  private char type;

  FormatSpec(String spec, Context context) {
    this.spec = spec;
    this.context = context;
    read();
  }

  private char peek(int from) {
    return from < spec.length() ? spec.charAt(from) : 0;
  }

  private static boolean isAlign(char c) {
    return c == '<' || c == '>' || c == '=' || c == '^';
  }

  private void read() {
    int first = spec.isEmpty() ? 0 : Character.charCount(spec.codePointAt(0));
    if (isAlign(peek(first))) {
      fill = spec.substring(0, first);
      align = peek(first);
      at = first + 1;
    } else if (isAlign(peek(0))) {
      align = peek(at++);
    }
    if (peek(at) == '+' || peek(at) == '-' || peek(at) == ' ') {
      sign = peek(at++);
    }
    if (peek(at) == '#') {
      alternate = true;
      at++;
    }
    if (peek(at) == '0' && align == 0) {
      fill = "0";
      align = '=';
      at++;
    }
    width = number();
    if (peek(at) == ',' || peek(at) == '_') {
      grouping = String.valueOf(peek(at++));
    }
    if (peek(at) == '.') {
      at++;
      precision = (int) Math.min(number(), Integer.MAX_VALUE / 2);
    }
    if (at < spec.length()) {
      type = spec.charAt(at++);
    }
    if (at < spec.length()) {
      throw new TemplateException("invalid format specifier '%s'".formatted(spec));
    }
  }

  private long number() {
    int from = at;
    while (peek(at) >= '0' && peek(at) <= '9') {
      at++;
    }
    return at == from
        ? 0
        : at - from > 10 ? Integer.MAX_VALUE : Long.parseLong(spec.substring(from, at));
  }

  String apply(Object value) {
    if (Arithmetic.isNumber(value) && !(value instanceof Boolean && type == 0)) {
      boolean real = value instanceof Double || (type != 0 && "eEfFgG%".indexOf(type) >= 0);
      return real ? real(Arithmetic.real(value)) : integer(Arithmetic.integer(value));
    }
    if (type != 0 && type != 's') {
      throw unknown(value);
    }
    String text = context.text(value);
    int length = Types.length(text);
    String shown =
        precision >= 0 && precision < length
            ? text.substring(0, text.offsetByCodePoints(0, precision))
            : text;
    return padded("", shown, '<');
  }

  private TemplateException unknown(Object value) {
    return new TemplateException(
        "unknown format code '%c' for a value of type %s".formatted(type, Types.name(value)));
  }

  private String integer(BigInteger number) {
    String digits =
        switch (type) {
          case 0, 'd', 'n' -> number.abs().toString();
          case 'x' -> number.abs().toString(16);
          case 'X' -> number.abs().toString(16).toUpperCase(Locale.ROOT);
          case 'o' -> number.abs().toString(8);
          case 'b' -> number.abs().toString(2);
          case 'c' ->
              Character.toString(
                  Math.clamp(Arithmetic.index(Arithmetic.normal(number)), 0, 0x10FFFF));
          default -> throw unknown(0L);
        };
    String prefix = alternate && "xXob".indexOf(type) >= 0 ? "0" + type : "";
    return padded(signOf(number.signum() < 0) + prefix, grouped(digits), '>');
  }

  private String real(double number) {
    boolean negative = number < 0 || (number == 0 && 1 / number < 0);
    double size = Math.abs(number);
    String digits;
    if (type == 0 && precision < 0) {
      digits = Text.real(size);
    } else if (type == '%') {
      digits =
          RealText.of(size * 100, 'f', precision < 0 ? 6 : precision, alternate, context) + "%";
    } else if ("eEfFgGn".indexOf(type) >= 0 || type == 0) {
      char form = type == 0 || type == 'n' ? 'g' : type;
      digits = RealText.of(size, form, precision < 0 ? 6 : precision, alternate, context);
    } else {
      throw unknown(0.0);
    }
    return padded(signOf(negative), grouped(digits), '>');
  }

  private String signOf(boolean negative) {
    return negative ? "-" : sign == '-' ? "" : String.valueOf(sign);
  }

  /// With a mark between thousands.
  private String grouped(String digits) {
    if (grouping.isEmpty()) {
      return digits;
    }
    int end = 0;
    while (end < digits.length() && Character.digit(digits.charAt(end), 16) >= 0) {
      end++;
    }
    int size = "xXob".indexOf(type) >= 0 && type != 0 ? 4 : 3;
    StringBuilder grouped = new StringBuilder();
    for (int i = 0; i < end; i++) {
      if (i > 0 && (end - i) % size == 0) {
        grouped.append(grouping);
      }
      grouped.append(digits.charAt(i));
    }
    return grouped.append(digits.substring(end)).toString();
  }

  private String padded(String front, String text, char usual) {
    long missing = Math.max(0, width - front.length() - Types.length(text));
    Output out = new Output(context.budget);
    switch (align == 0 ? usual : align) {
      case '<' -> out.append(front).append(text).repeat(fill, missing);
      case '^' ->
          out.repeat(fill, missing / 2)
              .append(front)
              .append(text)
              .repeat(fill, missing - missing / 2);
      case '=' -> out.append(front).repeat(fill, missing).append(text);
      default -> out.repeat(fill, missing).append(front).append(text);
    }
    return out.toString();
  }
}
