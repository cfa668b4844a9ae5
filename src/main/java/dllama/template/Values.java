package dllama.template;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// From what a JSON parser gives to what templates compute with. All is copied, so a template can
/// not change what belongs to the caller.
final class Values {
  private Values() {}

  static Object of(@Nullable Object given, Budget budget) {
    return of(given, budget, 0);
  }

  private static Object of(@Nullable Object given, Budget budget, int depth) {
    if (depth >= Limits.VALUE_DEPTH) {
      throw new TemplateException(
          "the template's input is nested more than %d deep".formatted(Limits.VALUE_DEPTH));
    }
    return switch (given) {
      case null -> None.NONE;
      case Boolean b -> b;
      case Long number -> number;
      case Integer number -> (long) number;
      case Short number -> (long) number;
      case BigInteger number -> Arithmetic.normal(number);
      case Number number -> number.doubleValue();
      case CharSequence text -> text.toString();
      case List<?> list -> list(list, budget, depth);
      case Map<?, ?> map -> dict(map, budget, depth);
      default ->
          throw new IllegalArgumentException(given.getClass() + " is no value for templates");
    };
  }

  private static Object list(List<?> given, Budget budget, int depth) {
    budget.elements(given.size());
    List<Object> items = new ArrayList<>(given.size());
    for (Object item : given) {
      items.add(of(item, budget, depth + 1));
    }
    return Sequence.list(items);
  }

  private static Object dict(Map<?, ?> given, Budget budget, int depth) {
    budget.elements(3L * given.size());
    Dict dict = new Dict();
    given.forEach((key, value) -> dict.put(String.valueOf(key), of(value, budget, depth + 1)));
    return dict;
  }
}
