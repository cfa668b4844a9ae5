package dllama.template;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The methods of values, which are those of Python's that change nothing.
final class Methods {
  /// A method of a text.
  @FunctionalInterface
  interface OfText {
    Object call(String text, Arguments arguments, Context context);
  }

  private static final Set<String> CHANGING =
      Set.of(
          "append",
          "clear",
          "extend",
          "insert",
          "pop",
          "popitem",
          "remove",
          "reverse",
          "setdefault",
          "sort",
          "update");

  private static final Map<String, OfText> OF_TEXT = new HashMap<>();

  static {
    TextMethods.addTo(OF_TEXT);
    SearchMethods.addTo(OF_TEXT);
    SplitMethods.addTo(OF_TEXT);
    KindMethods.addTo(OF_TEXT);
  }

  private Methods() {}

  static @Nullable Object ofText(String text, String name) {
    OfText method = OF_TEXT.get(name);
    return method == null
        ? null
        : (Callable)
            (arguments, context) -> {
              context.budget.read(text);
              return method.call(text, arguments, context);
            };
  }

  static @Nullable Object ofDict(Dict dict, String name) {
    return switch (name) {
      case "keys" -> view(dict, Sequence.Kind.KEYS, name);
      case "values" -> view(dict, Sequence.Kind.VALUES, name);
      case "items" -> view(dict, Sequence.Kind.ITEMS, name);
      case "get" -> (Callable) (arguments, _) -> get(dict, arguments);
      case "copy" ->
          (Callable)
              (arguments, _) -> {
                arguments.bind(name, 0);
                return dict;
              };
      default -> CHANGING.contains(name) ? Undefined.unsafe(dict, name) : null;
    };
  }

  private static Object get(Dict dict, Arguments arguments) {
    @Nullable Object[] given = arguments.bind("get", 1, "key", "default");
    Object found = dict.get(arguments.get(0, "get"));
    return found != null ? found : given[1] != null ? given[1] : None.NONE;
  }

  private static Callable view(Dict dict, Sequence.Kind kind, String name) {
    return (arguments, context) -> {
      arguments.bind(name, 0);
      context.budget.elements(dict.size());
      List<Object> items =
          switch (kind) {
            case KEYS -> dict.keys();
            case VALUES -> dict.values();
            default -> dict.items();
          };
      return new Sequence(kind, items);
    };
  }

  static @Nullable Object ofSequence(Sequence sequence, String name) {
    if (!sequence.kind.indexed()) {
      return null;
    }
    return switch (name) {
      case "count" -> (Callable) (arguments, context) -> count(sequence, arguments, context);
      case "index" -> (Callable) (arguments, context) -> index(sequence, arguments, context);
      case "copy" ->
          sequence.kind == Sequence.Kind.LIST
              ? (Callable) (_, _) -> Sequence.list(new ArrayList<>(sequence.items))
              : null;
      default ->
          sequence.kind == Sequence.Kind.LIST && CHANGING.contains(name)
              ? Undefined.unsafe(sequence, name)
              : null;
    };
  }

  private static long count(Sequence sequence, Arguments arguments, Context context) {
    Object sought = arguments.get(0, "count");
    return sequence.items.stream().filter(item -> Comparison.equal(item, sought, context)).count();
  }

  private static long index(Sequence sequence, Arguments arguments, Context context) {
    Object sought = arguments.get(0, "index");
    for (int i = 0; i < sequence.size(); i++) {
      if (Comparison.equal(sequence.items.get(i), sought, context)) {
        return i;
      }
    }
    throw new TemplateException("the value is not in the list");
  }
}
