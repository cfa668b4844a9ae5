package dllama.template;

import org.jspecify.annotations.Nullable;

/// `'{} {name:>5}'.format(values)`. Fields reach the same parts of values as expressions do.
final class BraceFormat {
  private final Arguments given;
  private final Context context;
  private int used;

  private BraceFormat(Arguments given, Context context) {
    this.given = given;
    this.context = context;
  }

  static String format(String pattern, Arguments given, Context context) {
    return new BraceFormat(given, context).filled(pattern, 0);
  }

  static String formatMap(String pattern, Arguments given, Context context) {
    if (!(given.get(0, "format_map") instanceof Dict dict)) {
      throw new TemplateException("format_map takes a mapping");
    }
    Arguments named = new Arguments(java.util.List.of(), new java.util.HashMap<>());
    for (Dict.Entry entry : dict.entries()) {
      named.named().put(context.text(entry.key()), entry.value());
    }
    return new BraceFormat(named, context).filled(pattern, 0);
  }

  private String filled(String pattern, int depth) {
    if (depth > 2) {
      throw new TemplateException("a format has fields in fields in fields");
    }
    Output out = new Output(context.budget);
    int at = 0;
    while (at < pattern.length()) {
      char c = pattern.charAt(at);
      boolean twice = pattern.startsWith(String.valueOf(c), at + 1);
      if ((c == '{' || c == '}') && twice) {
        out.append(c);
        at += 2;
      } else if (c == '{') {
        int end = end(pattern, at);
        out.append(field(pattern.substring(at + 1, end), depth));
        at = end + 1;
      } else if (c == '}') {
        throw new TemplateException("single '}' encountered in format string");
      } else {
        out.append(c);
        at++;
      }
    }
    return out.toString();
  }

  /// Where the field that begins at a brace ends.
  private static int end(String pattern, int from) {
    int open = 0;
    for (int at = from; at < pattern.length(); at++) {
      char c = pattern.charAt(at);
      open += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (open == 0) {
        return at;
      }
    }
    throw new TemplateException("expected '}' before end of format string");
  }

  private String field(String field, int depth) {
    int colon = field.indexOf(':');
    String spec = colon < 0 ? "" : filled(field.substring(colon + 1), depth + 1);
    String head = colon < 0 ? field : field.substring(0, colon);
    int mark = head.indexOf('!');
    Object value = value(mark < 0 ? head : head.substring(0, mark));
    if (mark >= 0) {
      value = converted(value, head.substring(mark + 1));
    }
    return spec.isEmpty() ? context.text(value) : new FormatSpec(spec, context).apply(value);
  }

  private Object converted(Object value, String conversion) {
    return switch (conversion) {
      case "s" -> context.text(value);
      case "r", "a" -> Text.repr(value, context);
      default -> throw new TemplateException("unknown conversion in a format string");
    };
  }

  private Object value(String path) {
    int at = 0;
    while (at < path.length() && path.charAt(at) != '.' && path.charAt(at) != '[') {
      at++;
    }
    Object value = argument(path.substring(0, at));
    while (at < path.length()) {
      boolean bracket = path.charAt(at) == '[';
      int end = bracket ? path.indexOf(']', at) : partEnd(path, at + 1);
      if (end <= at + 1) {
        throw new TemplateException("empty attribute in format string");
      }
      String name = path.substring(at + 1, end);
      value =
          bracket
              ? Access.item(value, index(name), context)
              : Access.attribute(value, name, context);
      at = bracket ? end + 1 : end;
    }
    return value;
  }

  private static int partEnd(String path, int from) {
    int at = from;
    while (at < path.length() && path.charAt(at) != '.' && path.charAt(at) != '[') {
      at++;
    }
    return at;
  }

  private static Object index(String name) {
    return isNumber(name) ? (Object) Long.parseLong(name) : name;
  }

  private static boolean isNumber(String name) {
    return !name.isEmpty()
        && name.length() < 10
        && name.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private Object argument(String name) {
    if (name.isEmpty() || isNumber(name)) {
      int index = name.isEmpty() ? used++ : Integer.parseInt(name);
      return given.get(index, "format");
    }
    @Nullable Object value = given.named().get(name);
    if (value == null) {
      throw new TemplateException("the format's argument '%s' is missing".formatted(name));
    }
    return value;
  }
}
