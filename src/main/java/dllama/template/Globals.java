package dllama.template;

import java.math.BigInteger;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The functions that every template finds.
final class Globals {
  private Globals() {}

  static Map<String, Object> all() {
    Map<String, Object> all = new HashMap<>();
    add(all, "range", Globals::range);
    add(all, "dict", Globals::dict);
    add(all, "namespace", Globals::namespace);
    add(all, "cycler", Cycler::of);
    add(all, "joiner", Globals::joiner);
    add(all, "raise_exception", Globals::raise);
    add(
        all,
        "strftime_now",
        (given, context) -> {
          String pattern = context.text(given.get(0, "strftime_now"));
          return new TimeText(LocalDateTime.now(context.clock), context).format(pattern);
        });
    return all;
  }

  private static void add(Map<String, Object> all, String name, Callable function) {
    all.put(name, function);
  }

  private static Object range(Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("range", 1, "start", "stop", "step");
    BigInteger first = given[0] == null ? BigInteger.ZERO : Arithmetic.integer(given[0]);
    boolean single = given[1] == null;
    BigInteger start = single ? BigInteger.ZERO : first;
    BigInteger stop = given[1] == null ? first : Arithmetic.integer(given[1]);
    BigInteger step = given[2] == null ? BigInteger.ONE : Arithmetic.integer(given[2]);
    if (step.signum() == 0) {
      throw new TemplateException("range() arg 3 must not be zero");
    }
    BigInteger distance = step.signum() > 0 ? stop.subtract(start) : start.subtract(stop);
    BigInteger count =
        distance.signum() <= 0
            ? BigInteger.ZERO
            : distance.subtract(BigInteger.ONE).divide(step.abs()).add(BigInteger.ONE);
    if (count.compareTo(BigInteger.valueOf(Limits.RANGE)) > 0
        || start.bitLength() > 62
        || stop.bitLength() > 62
        || step.bitLength() > 45) {
      throw new TemplateException("a range has more than %,d elements".formatted(Limits.RANGE));
    }
    return Sequence.range(start.longValue(), stop.longValue(), step.longValue(), count.intValue());
  }

  private static void fill(Dict dict, Arguments arguments, Context context) {
    @Nullable Object from =
        new Arguments(arguments.positional(), Map.of()).bind("dict", 0, "mapping")[0];
    if (from instanceof Dict other) {
      context.budget.elements(3L * other.size());
      dict.putAll(other);
    } else if (from != null) {
      for (Object pair : Iteration.all(from, context)) {
        List<Object> both = Iteration.all(pair, context);
        if (both.size() != 2) {
          throw new TemplateException("a mapping is made of pairs");
        }
        context.budget.elements(3);
        dict.put(both.get(0), both.get(1));
      }
    }
    context.budget.elements(3L * arguments.named().size());
    arguments.named().forEach(dict::put);
  }

  private static Object dict(Arguments arguments, Context context) {
    Dict dict = new Dict();
    fill(dict, arguments, context);
    return dict;
  }

  private static Object namespace(Arguments arguments, Context context) {
    Dict values = new Dict();
    fill(values, arguments, context);
    Namespace namespace = new Namespace();
    values
        .entries()
        .forEach(entry -> namespace.values.put(context.text(entry.key()), entry.value()));
    return namespace;
  }

  /// Nothing at the first call, the separator from then on.
  private static Object joiner(Arguments arguments, Context context) {
    @Nullable Object[] given = arguments.bind("joiner", 0, "sep");
    Object separator = given[0] == null ? ", " : given[0];
    boolean[] used = {false};
    return (Callable)
        (_, _) -> {
          boolean first = !used[0];
          used[0] = true;
          return first ? "" : separator;
        };
  }

  private static Object raise(Arguments arguments, Context context) {
    throw TemplateException.raised(context.text(arguments.get(0, "raise_exception")));
  }
}
