package dllama.template;

import dllama.template.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads what stands in the parentheses of a call.
final class ArgumentParser {
  private final Tokens tokens;
  private final ExpressionParser expressions;
  private final Mentions mentions;
  private final List<Expression> positional = new ArrayList<>();
  private final Map<String, Expression> named = new LinkedHashMap<>();
  private @Nullable Expression list;
  private @Nullable Expression dict;

  ArgumentParser(Tokens tokens, ExpressionParser expressions, Mentions mentions) {
    this.tokens = tokens;
    this.expressions = expressions;
    this.mentions = mentions;
  }

  Calls.Given parenthesized() {
    tokens.expectOperator("(");
    boolean first = true;
    while (!tokens.skipOperator(")")) {
      if (!first) {
        tokens.expectOperator(",");
        if (tokens.skipOperator(")")) {
          break;
        }
      }
      argument();
      first = false;
    }
    positional.forEach(mentions::sought);
    named.values().forEach(mentions::sought);
    return new Calls.Given(positional, named, list, dict);
  }

  private void argument() {
    Token token = tokens.peek();
    if (tokens.skipOperator("*")) {
      require(list == null && dict == null, token);
      list = expressions.expression();
    } else if (tokens.skipOperator("**")) {
      require(dict == null, token);
      dict = expressions.expression();
    } else if (token.kind() == Kind.NAME && tokens.ahead().is(Kind.OPERATOR, "=")) {
      require(dict == null, token);
      tokens.next();
      tokens.next();
      Expression before = named.put(token.text(), expressions.expression());
      require(before == null, token);
    } else {
      require(list == null && dict == null && named.isEmpty(), token);
      positional.add(expressions.expression());
    }
  }

  private static void require(boolean valid, Token token) {
    if (!valid) {
      throw new TemplateException(
          "arguments of a call are in the wrong order, or there twice", token.line());
    }
  }
}
