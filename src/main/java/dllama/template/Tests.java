package dllama.template;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/// The tests by name: all of Jinja's.
final class Tests {
  private static final Map<String, Test> ALL = new HashMap<>();

  static {
    addKinds();
    addNumbers();
    addTexts();
    addComparisons();
  }

  private Tests() {}

  static boolean has(String name) {
    return ALL.containsKey(name);
  }

  static Test named(String name) {
    Test test = ALL.get(name);
    if (test == null) {
      throw new TemplateException("no test named '%s'".formatted(name));
    }
    return test;
  }

  private static void plain(String name, Predicate<Object> predicate) {
    ALL.put(
        name,
        (value, arguments, _) -> {
          arguments.bind(name, 0);
          return predicate.test(value);
        });
  }

  private static void addKinds() {
    plain("defined", value -> !(value instanceof Undefined));
    plain("undefined", value -> value instanceof Undefined);
    plain("none", value -> value == None.NONE);
    plain("boolean", value -> value instanceof Boolean);
    plain("true", value -> value.equals(true));
    plain("false", value -> value.equals(false));
    plain("string", value -> value instanceof String || value instanceof Markup);
    plain("mapping", value -> value instanceof Dict);
    plain("sequence", Tests::isSequence);
    plain("iterable", value -> isSequence(value) || isView(value));
    plain("callable", value -> value instanceof Callable);
    plain("escaped", value -> value instanceof Markup);
  }

  private static boolean isSequence(Object value) {
    return value instanceof String
        || value instanceof Markup
        || value instanceof Dict
        || value instanceof Undefined
        || (value instanceof Sequence sequence && sequence.kind.indexed());
  }

  private static boolean isView(Object value) {
    return value instanceof Sequence || value instanceof Generator;
  }

  private static void addNumbers() {
    plain("number", Arithmetic::isNumber);
    plain("integer", value -> Arithmetic.isInteger(value) && !(value instanceof Boolean));
    plain("float", value -> value instanceof Double);
    ALL.put("odd", (value, _, context) -> remainder(value, 2L, context, 1L));
    ALL.put("even", (value, _, context) -> remainder(value, 2L, context, 0L));
    ALL.put(
        "divisibleby",
        (value, given, context) -> remainder(value, given.get(0, "divisibleby"), context, 0L));
  }

  private static boolean remainder(Object value, Object by, Context context, Object wanted) {
    return Comparison.equal(Arithmetic.apply("%", value, by, context), wanted, context);
  }

  private static void addTexts() {
    ALL.put("lower", (value, _, context) -> KindMethods.isLower(context.text(value)));
    ALL.put("upper", (value, _, context) -> KindMethods.isUpper(context.text(value)));
    ALL.put("filter", (value, _, _) -> value instanceof String name && Filters.has(name));
    ALL.put("test", (value, _, _) -> value instanceof String name && Tests.has(name));
  }

  private static void addComparisons() {
    compare("==", "eq", "equalto", "==");
    compare("!=", "ne", "!=");
    compare("<", "lt", "lessthan", "<");
    compare("<=", "le", "<=");
    compare(">", "gt", "greaterthan", ">");
    compare(">=", "ge", ">=");
    compare("in", "in");
    ALL.put("sameas", (value, given, _) -> isSame(value, given.get(0, "sameas")));
  }

  private static void compare(String operator, String... names) {
    for (String name : names) {
      ALL.put(
          name,
          (value, given, context) ->
              Comparison.holds(operator, value, given.get(0, name), context));
    }
  }

  /// Small integers and texts are one object in Python where they are equal.
  private static boolean isSame(Object a, Object b) {
    return a == b
        || (a.getClass() == b.getClass()
            && (a instanceof Boolean || a instanceof Long || a instanceof String)
            && a.equals(b));
  }
}
