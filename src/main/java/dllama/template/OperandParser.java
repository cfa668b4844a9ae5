package dllama.template;

import dllama.template.Calls.Filtering;
import dllama.template.Token.Kind;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads what operators stand between: literals and names, with what follows them closely, which
/// are attributes, subscripts, calls, filters and tests.
final class OperandParser {
  private final Tokens tokens;
  private final ExpressionParser expressions;
  private final Mentions mentions;

  OperandParser(Tokens tokens, ExpressionParser expressions, Mentions mentions) {
    this.tokens = tokens;
    this.expressions = expressions;
    this.mentions = mentions;
  }

  Expression primary() {
    Token token = tokens.next();
    return switch (token.kind()) {
      case NAME -> name(token.text());
      case STRING -> string(token);
      case INTEGER -> new Expressions.Constant(integer(token));
      case FLOAT -> new Expressions.Constant(Double.parseDouble(token.text()));
      case OPERATOR -> bracket(token);
      default -> throw noExpression(token);
    };
  }

  private static TemplateException noExpression(Token token) {
    return new TemplateException(
        "expected an expression, got %s".formatted(token.shown()), token.line());
  }

  private Expression name(String name) {
    return switch (name) {
      case "true", "True" -> new Expressions.Constant(true);
      case "false", "False" -> new Expressions.Constant(false);
      case "none", "None" -> new Expressions.Constant(None.NONE);
      default -> {
        mentions.name(name);
        yield new Expressions.Name(name);
      }
    };
  }

  /// Strings side by side are one.
  private Expression string(Token first) {
    StringBuilder text = new StringBuilder(first.text());
    while (tokens.peek().kind() == Kind.STRING) {
      text.append(tokens.next().text());
    }
    return new Expressions.Constant(text.toString());
  }

  private static Object integer(Token token) {
    String[] parts = token.text().split(":", 2);
    String digits = parts[1].replace("_", "");
    if (digits.length() > Limits.DEFAULT.digits()) {
      throw new TemplateException("an integer has too many digits", token.line());
    }
    return Arithmetic.normal(new BigInteger(digits, Integer.parseInt(parts[0])));
  }

  private Expression bracket(Token token) {
    return switch (token.text()) {
      case "(" -> parenthesis();
      case "[" -> new Expressions.Elements(Sequence.Kind.LIST, listed("]"));
      case "{" -> mapping();
      default -> throw noExpression(token);
    };
  }

  private Expression parenthesis() {
    if (tokens.skipOperator(")")) {
      return new Expressions.Constant(Sequence.tuple());
    }
    Expression inner = expressions.tuple(true, null);
    tokens.expectOperator(")");
    return inner;
  }

  private List<Expression> listed(String end) {
    List<Expression> elements = new ArrayList<>();
    while (!tokens.skipOperator(end)) {
      if (!elements.isEmpty()) {
        tokens.expectOperator(",");
        if (tokens.skipOperator(end)) {
          break;
        }
      }
      elements.add(expressions.expression());
    }
    return elements;
  }

  private Expression mapping() {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.skipOperator("}")) {
      if (!keys.isEmpty()) {
        tokens.expectOperator(",");
        if (tokens.skipOperator("}")) {
          break;
        }
      }
      keys.add(expressions.expression());
      tokens.expectOperator(":");
      values.add(expressions.expression());
    }
    return new Expressions.Mapping(keys, values);
  }

  Expression postfix(Expression value) {
    Expression result = value;
    while (true) {
      if (tokens.skipOperator(".")) {
        result = dotted(result);
      } else if (tokens.skipOperator("[")) {
        result = subscript(result);
      } else if (tokens.isOperator("(")) {
        result = call(result);
      } else {
        return result;
      }
    }
  }

  private Expression call(Expression function) {
    return new Calls.Call(
        function, new ArgumentParser(tokens, expressions, mentions).parenthesized());
  }

  private Expression dotted(Expression owner) {
    Token token = tokens.next();
    return switch (token.kind()) {
      case NAME -> new Expressions.Attribute(owner, token.text());
      case INTEGER -> new Expressions.Item(owner, new Expressions.Constant(integer(token)));
      default ->
          throw new TemplateException(
              "expected a name or a number behind '.', got %s".formatted(token.shown()),
              token.line());
    };
  }

  private Expression subscript(Expression owner) {
    Expression from = tokens.isOperator(":") ? null : expressions.expression();
    if (!tokens.isOperator(":")) {
      tokens.expectOperator("]");
      return new Expressions.Item(owner, from == null ? new Expressions.Constant("") : from);
    }
    tokens.next();
    Expression to = bound();
    Expression step = tokens.skipOperator(":") ? bound() : null;
    tokens.expectOperator("]");
    return new Expressions.Slice(owner, from, to, step);
  }

  private @Nullable Expression bound() {
    return tokens.isOperator(":") || tokens.isOperator("]") ? null : expressions.expression();
  }

  Expression filters(Expression value) {
    Expression result = value;
    while (true) {
      if (tokens.skipOperator("|")) {
        result = new Calls.Filtered(result, filter());
      } else if (tokens.skipName("is")) {
        result = test(result);
      } else if (tokens.isOperator("(")) {
        result = call(result);
      } else {
        return result;
      }
    }
  }

  /// A filter, behind its `|`.
  Filtering filter() {
    int line = tokens.peek().line();
    String name = dottedName();
    if (!Filters.has(name)) {
      mentions.lacks(new TemplateException("no filter named '%s'".formatted(name), line));
    }
    return new Filtering(
        name,
        tokens.isOperator("(")
            ? new ArgumentParser(tokens, expressions, mentions).parenthesized()
            : Calls.Given.NOTHING);
  }

  private String dottedName() {
    StringBuilder name = new StringBuilder(tokens.expect(Kind.NAME, "a name").text());
    while (tokens.skipOperator(".")) {
      name.append('.').append(tokens.expect(Kind.NAME, "a name").text());
    }
    return name.toString();
  }

  private Expression test(Expression value) {
    boolean negated = tokens.skipName("not");
    int line = tokens.peek().line();
    String name = dottedName();
    if (!Tests.has(name)) {
      mentions.lacks(new TemplateException("no test named '%s'".formatted(name), line));
    }
    Expression tested = new Calls.Tested(value, name, testArguments());
    return negated ? new Expressions.Not(tested) : tested;
  }

  private Calls.Given testArguments() {
    if (tokens.isOperator("(")) {
      return new ArgumentParser(tokens, expressions, mentions).parenthesized();
    }
    boolean argument =
        switch (tokens.peek().kind()) {
          case NAME -> !Set.of("else", "or", "and").contains(tokens.peek().text());
          case STRING, INTEGER, FLOAT -> true;
          case OPERATOR -> Set.of("[", "{").contains(tokens.peek().text());
          default -> false;
        };
    if (!argument) {
      return Calls.Given.NOTHING;
    }
    if (tokens.isName("is")) {
      throw new TemplateException("tests can not be chained", tokens.peek().line());
    }
    // `x is odd if y`, `x is odd and not y`: these words are no arguments.
    if (tokens.isName("if") || tokens.isName("not") || tokens.isName("in")) {
      return Calls.Given.NOTHING;
    }
    return new Calls.Given(List.of(postfix(primary())), Map.of(), null, null);
  }
}
