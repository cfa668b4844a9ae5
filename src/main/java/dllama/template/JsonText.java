package dllama.template;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Values as JSON, as Python's `json.dumps` writes it.
final class JsonText {
  private final Context context;
  private final Output out;
  private final boolean ascii;
  private final @Nullable String indent;
  private final String between;
  private final String afterKey;
  private final boolean sorted;

  private JsonText(
      boolean ascii,
      @Nullable String indent,
      String between,
      String afterKey,
      boolean sorted,
      Context context) {
    this.ascii = ascii;
    this.indent = indent;
    this.between = between;
    this.afterKey = afterKey;
    this.sorted = sorted;
    this.context = context;
    out = new Output(context.budget);
  }

  /// The filter `tojson`, with the arguments that Hugging Face gives it.
  static String filter(Object value, Arguments arguments, Context context) {
    @Nullable Object[] given =
        arguments.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
    String indent = indent(given[1], context);
    String between = indent == null ? ", " : ",";
    String afterKey = ": ";
    if (given[2] != null && given[2] != None.NONE) {
      List<Object> separators = Iteration.all(given[2], context);
      if (separators.size() != 2) {
        throw new TemplateException("tojson takes two separators");
      }
      between = context.text(separators.get(0));
      afterKey = context.text(separators.get(1));
    }
    JsonText json =
        new JsonText(flag(given[0]), indent, between, afterKey, flag(given[3]), context);
    json.write(value, 0);
    return json.out.toString();
  }

  private static boolean flag(@Nullable Object value) {
    return value != null && Types.truth(value);
  }

  private static @Nullable String indent(@Nullable Object given, Context context) {
    if (given == null || given == None.NONE) {
      return null;
    }
    return given instanceof String text
        ? text
        : new Output(context.budget).repeat(" ", Arithmetic.index(given)).toString();
  }

  private void write(Object value, int depth) {
    switch (value) {
      case None _ -> out.append("null");
      case Boolean b -> out.append(b ? "true" : "false");
      case Long number -> out.append(number.toString());
      case BigInteger number -> out.append(Text.digits(number));
      case Double number -> out.append(real(number));
      case String text -> string(text);
      case Markup(String text) -> string(text);
      case Sequence list when list.kind == Sequence.Kind.LIST || list.kind == Sequence.Kind.TUPLE ->
          list(list, depth);
      case Dict dict -> dict(dict, depth);
      default ->
          throw new TemplateException(
              "Object of type %s is not JSON serializable".formatted(Types.name(value)));
    }
  }

  private static String real(double number) {
    return Double.isNaN(number)
        ? "NaN"
        : Double.isInfinite(number) ? (number > 0 ? "Infinity" : "-Infinity") : Text.real(number);
  }

  private void list(Sequence list, int depth) {
    out.append("[");
    boolean first = true;
    for (Object item : list.items) {
      begin(first, depth + 1);
      write(item, depth + 1);
      first = false;
    }
    end(first, depth);
    out.append("]");
  }

  private void dict(Dict dict, int depth) {
    Collection<Dict.Entry> entries = dict.entries();
    if (sorted) {
      List<Dict.Entry> inOrder = new ArrayList<>(entries);
      inOrder.sort((a, b) -> Comparison.compare(a.key(), b.key(), context));
      entries = inOrder;
    }
    out.append("{");
    boolean first = true;
    for (Dict.Entry entry : entries) {
      begin(first, depth + 1);
      key(entry.key());
      out.append(afterKey);
      write(entry.value(), depth + 1);
      first = false;
    }
    end(first, depth);
    out.append("}");
  }

  private void begin(boolean first, int depth) {
    out.append(first ? "" : between);
    newLine(depth);
  }

  private void end(boolean empty, int depth) {
    if (!empty) {
      newLine(depth);
    }
  }

  private void newLine(int depth) {
    if (indent != null) {
      out.append("\n").repeat(indent, depth);
    }
  }

  private void key(Object key) {
    switch (key) {
      case String text -> string(text);
      case Markup(String text) -> string(text);
      case None _, Boolean _, Long _, BigInteger _, Double _ -> {
        out.append('"');
        write(key, 0);
        out.append('"');
      }
      default ->
          throw new TemplateException(
              "keys must be str, int, float, bool or None, not " + Types.name(key));
    }
  }

  private void string(String text) {
    StringBuilder escaped = new StringBuilder(text.length() + 2).append('"');
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      switch (c) {
        case '"' -> escaped.append("\\\"");
        case '\\' -> escaped.append("\\\\");
        case '\n' -> escaped.append("\\n");
        case '\r' -> escaped.append("\\r");
        case '\t' -> escaped.append("\\t");
        case '\b' -> escaped.append("\\b");
        case '\f' -> escaped.append("\\f");
        default -> {
          if (c < 0x20 || (ascii && c > 0x7E)) {
            escaped.append("\\u%04x".formatted((int) c));
          } else {
            escaped.append(c);
          }
        }
      }
    }
    out.append(escaped.append('"').toString());
  }
}
