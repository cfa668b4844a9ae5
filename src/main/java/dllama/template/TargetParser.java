package dllama.template;

import dllama.template.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads what values are assigned to.
final class TargetParser {
  private static final Set<String> CONSTANTS =
      Set.of("true", "false", "none", "True", "False", "None");

  private final Tokens tokens;

  TargetParser(Tokens tokens) {
    this.tokens = tokens;
  }

  /// A name, an attribute of a namespace, or several with commas between.
  ///
  /// @param end name that ends it
  Target target(@Nullable String end) {
    List<Target> several = new ArrayList<>();
    boolean comma = false;
    do {
      several.add(single());
      comma = tokens.skipOperator(",");
    } while (comma
        && tokens.peek().kind() != Kind.BLOCK_END
        && !tokens.isOperator(")")
        && !tokens.isOperator("=")
        && !(end != null && tokens.isName(end)));
    return comma || several.size() > 1 ? new Target.Several(several) : several.getFirst();
  }

  private Target single() {
    if (tokens.skipOperator("(")) {
      tokens.enter();
      Target inner = target(null);
      tokens.expectOperator(")");
      tokens.leave();
      return inner;
    }
    String name = name();
    return tokens.skipOperator(".")
        ? new Target.Attribute(name, tokens.expect(Kind.NAME, "the name of an attribute").text())
        : new Target.Name(name);
  }

  String name() {
    Token token = tokens.expect(Kind.NAME, "a name");
    if (CONSTANTS.contains(token.text())) {
      throw new TemplateException("cannot assign to '%s'".formatted(token.text()), token.line());
    }
    return token.text();
  }
}
