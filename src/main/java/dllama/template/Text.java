package dllama.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/// Values as text: as they are printed (Python's `str`) and as they stand in lists (its `repr`).
final class Text {
  /// Python's own limit for namespaces that contain each other, about.
  private static final int DEPTH = Limits.VALUE_DEPTH;

  private final Output out;

  private Text(Context context) {
    out = new Output(context.budget);
  }

  static String of(Object value, Context context) {
    return switch (value) {
      case String text -> text;
      case Markup(String text) -> text;
      case Undefined _ -> "";
      default -> repr(value, context);
    };
  }

  static String repr(Object value, Context context) {
    Text text = new Text(context);
    text.write(value, 0);
    return text.out.toString();
  }

  private void write(Object value, int depth) {
    if (depth > 2 * DEPTH) {
      throw new TemplateException("values are nested too deeply to be printed");
    }
    switch (value) {
      case None _ -> out.append("None");
      case Boolean b -> out.append(b ? "True" : "False");
      case Long number -> out.append(number.toString());
      case BigInteger number -> out.append(digits(number));
      case Double number -> out.append(real(number));
      case String text -> quoted(text);
      case Markup(String text) -> {
        out.append("Markup(");
        quoted(text);
        out.append(")");
      }
      case Undefined _ -> out.append("Undefined");
      case Sequence sequence -> sequence(sequence, depth);
      case Dict dict -> dict(dict, depth);
      case Namespace namespace -> namespace(namespace, depth);
      case Loop loop -> out.append(loop.shown());
      case Macro macro -> out.append("<Macro " + macro.shownName() + ">");
      default -> out.append("<" + Types.name(value) + ">");
    }
  }

  private void sequence(Sequence sequence, int depth) {
    out.append(sequence.kind.opening);
    if (sequence.kind == Sequence.Kind.RANGE) {
      out.append(sequence.items.toString());
    } else {
      elements(sequence.items, depth);
      if (sequence.kind == Sequence.Kind.TUPLE && sequence.size() == 1) {
        out.append(",");
      }
    }
    out.append(sequence.kind.closing);
  }

  private void elements(List<Object> items, int depth) {
    Iterator<Object> left = items.iterator();
    while (left.hasNext()) {
      write(left.next(), depth + 1);
      if (left.hasNext()) {
        out.append(", ");
      }
    }
  }

  private void dict(Dict dict, int depth) {
    out.append("{");
    String separator = "";
    for (Dict.Entry entry : dict.entries()) {
      out.append(separator);
      write(entry.key(), depth + 1);
      out.append(": ");
      write(entry.value(), depth + 1);
      separator = ", ";
    }
    out.append("}");
  }

  private void namespace(Namespace namespace, int depth) {
    Dict values = new Dict();
    for (Map.Entry<String, Object> entry : namespace.values.entrySet()) {
      values.put(entry.getKey(), entry.getValue());
    }
    out.append("<Namespace ");
    dict(values, depth + 1);
    out.append(">");
  }

  /// In single quotes, in double ones where it contains only those.
  private void quoted(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    out.append(quote);
    StringBuilder plain = new StringBuilder();
    text.codePoints().forEach(c -> character(c, quote, plain));
    out.append(plain.toString()).append(quote);
  }

  private static void character(int c, char quote, StringBuilder to) {
    switch (c) {
      case '\n' -> to.append("\\n");
      case '\r' -> to.append("\\r");
      case '\t' -> to.append("\\t");
      case '\\' -> to.append("\\\\");
      default -> {
        if (c == quote) {
          to.append('\\').append(quote);
        } else if (isPrintable(c)) {
          to.appendCodePoint(c);
        } else {
          to.append((c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x").formatted(c));
        }
      }
    }
  }

  static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }

  static String digits(BigInteger number) {
    return number.toString();
  }

  /// The shortest digits that give this number, as Python writes them.
  static String real(double number) {
    if (!Double.isFinite(number)) {
      return Double.isNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
    }
    if (number == 0) {
      return 1 / number > 0 ? "0.0" : "-0.0";
    }
    BigDecimal shortest = shortest(number);
    int exponent = shortest.precision() - shortest.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = shortest.toPlainString();
      return plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }
    String digits = shortest.unscaledValue().abs().toString();
    String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
    String sign = number < 0 ? "-" : "";
    return "%s%s%se%s%02d"
        .formatted(sign, digits.charAt(0), fraction, exponent < 0 ? "-" : "+", Math.abs(exponent));
  }

  /// Java writes two digits where one would do.
  private static BigDecimal shortest(double number) {
    BigDecimal digits = new BigDecimal(Double.toString(number)).stripTrailingZeros();
    if (digits.precision() == 2) {
      BigDecimal one = digits.round(new MathContext(1));
      return one.doubleValue() == number ? one : digits;
    }
    return digits;
  }
}
