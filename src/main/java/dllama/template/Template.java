package dllama.template;

import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A chat template that was read, to be rendered as often as wanted. Immutable, for any thread.
public final class Template {
  private final String source;
  private final List<Statement> statements;
  private final Set<String> sought;

  private Template(String source, Parser.Parsed parsed) {
    this.source = source;
    statements = parsed.statements();
    sought = parsed.sought();
  }

  /// Reads a template.
  ///
  /// @throws TemplateException if it is not valid
  public static Template parse(String source) {
    if (source.length() > Limits.SOURCE) {
      throw new TemplateException(
          "a template has more than %,d characters".formatted(Limits.SOURCE));
    }
    return new Template(source, Parser.parse(source));
  }

  /// What was read.
  public String source() {
    return source;
  }

  /// Texts that the template looks for in what it is given, as far as can be told by reading it.
  Set<String> sought() {
    return sought;
  }

  /// What the template makes of its input.
  ///
  /// @param input by variable name what a JSON parser gives: null, booleans, numbers, texts, lists,
  ///     maps; is not changed
  /// @param clock for `strftime_now`
  /// @throws TemplateException if the template refuses the input, fails or exceeds a limit
  public String render(Map<String, ? extends @Nullable Object> input, Limits limits, Clock clock) {
    try {
      Budget budget = new Budget(limits);
      Map<String, Object> variables = new HashMap<>();
      input.forEach((name, value) -> variables.put(name, Values.of(value, budget)));
      Scope given = new Scope(new Scope(null, Globals.all()), variables);
      Context context = new Context(new Scope(given), budget, clock);
      return context.written(() -> context.run(statements));
    } catch (StackOverflowError e) {
      // The limit of depth is meant for usual stacks; a caller's may be nearly used up.
      throw new TemplateException("the template is nested too deeply");
    }
  }
}
