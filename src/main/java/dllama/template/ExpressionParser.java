package dllama.template;

import dllama.template.Calls.Filtering;
import dllama.template.Token.Kind;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads expressions. Operators bind as in Jinja, from loose to tight: `if`, `or`, `and`, `not`,
/// comparisons, `+ -`, `~`, `* / // %`, `**`, signs, then filters and tests.
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> SUMS = Set.of("+", "-");
  private static final Set<String> PRODUCTS = Set.of("*", "/", "//", "%");

  private final Tokens tokens;

  /// All names that were read; tells macros whether they use `caller` and the like.
  private Set<String> names = new HashSet<>();

  /// How many conditions are around: filters that are missing there fail only when they are used.
  private int conditions;

  /// Filters and tests that are missing elsewhere.
  private final List<TemplateException> missing = new ArrayList<>();

  ExpressionParser(Tokens tokens) {
    this.tokens = tokens;
  }

  /// Starts to collect names anew; returns those collected so far.
  Set<String> collect(Set<String> anew) {
    Set<String> before = names;
    names = anew;
    return before;
  }

  void enterCondition() {
    conditions++;
  }

  void leaveCondition() {
    conditions--;
  }

  /// A body of its own begins, or ends; returns the conditions around so far.
  int setConditions(int around) {
    int before = conditions;
    conditions = around;
    return before;
  }

  /// Fails if a filter or test that is used unconditionally does not exist.
  void checkMissing() {
    if (!missing.isEmpty()) {
      throw missing.getFirst();
    }
  }

  Expression expression() {
    tokens.enter();
    int missingBefore = missing.size();
    Expression value = or();
    while (tokens.skipName("if")) {
      // What stands in front is conditional, too.
      missing.subList(missingBefore, missing.size()).clear();
      enterCondition();
      Expression condition = or();
      Expression otherwise = tokens.skipName("else") ? expression() : null;
      leaveCondition();
      value = new Expressions.Conditional(condition, value, otherwise);
    }
    tokens.leave();
    return value;
  }

  /// An expression, or several with commas between, which are a tuple.
  ///
  /// @param conditional whether `a if b` may stand there
  /// @param end name that ends it
  Expression tuple(boolean conditional, @Nullable String end) {
    List<Expression> elements = new ArrayList<>();
    boolean comma = false;
    while (!isTupleEnd(end)) {
      elements.add(conditional ? expression() : or());
      comma = tokens.skipOperator(",");
      if (!comma) {
        break;
      }
    }
    if (elements.isEmpty()) {
      throw tokens.unexpected("an expression");
    }
    return comma || elements.size() > 1
        ? new Expressions.Elements(Sequence.Kind.TUPLE, elements)
        : elements.getFirst();
  }

  private boolean isTupleEnd(@Nullable String end) {
    return tokens.peek().kind() == Kind.PRINT_END
        || tokens.peek().kind() == Kind.BLOCK_END
        || tokens.isOperator(")")
        || (end != null && tokens.isName(end));
  }

  private Expression or() {
    Expression left = and();
    while (tokens.skipName("or")) {
      left = new Expressions.Logic(false, left, and());
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (tokens.skipName("and")) {
      left = new Expressions.Logic(true, left, not());
    }
    return left;
  }

  private Expression not() {
    if (!tokens.skipName("not")) {
      return comparison();
    }
    tokens.enter();
    Expression turned = new Expressions.Not(not());
    tokens.leave();
    return turned;
  }

  private Expression comparison() {
    Expression first = sum();
    List<String> operators = new ArrayList<>();
    List<Expression> others = new ArrayList<>();
    String operator = comparisonOperator();
    while (operator != null) {
      operators.add(operator);
      others.add(sum());
      operator = comparisonOperator();
    }
    return operators.isEmpty() ? first : new Expressions.Chain(first, operators, others);
  }

  private @Nullable String comparisonOperator() {
    if (isOperator(COMPARISONS)) {
      return tokens.next().text();
    }
    if (tokens.skipName("in")) {
      return "in";
    }
    if (tokens.isName("not") && tokens.ahead().is(Kind.NAME, "in")) {
      tokens.next();
      tokens.next();
      return "not in";
    }
    return null;
  }

  private boolean isOperator(Set<String> operators) {
    return tokens.peek().kind() == Kind.OPERATOR && operators.contains(tokens.peek().text());
  }

  private Expression sum() {
    Expression left = concatenation();
    while (isOperator(SUMS)) {
      left = new Expressions.Operation(tokens.next().text(), left, concatenation());
    }
    return left;
  }

  private Expression concatenation() {
    Expression first = product();
    if (!tokens.isOperator("~")) {
      return first;
    }
    List<Expression> parts = new ArrayList<>(List.of(first));
    while (tokens.skipOperator("~")) {
      parts.add(product());
    }
    return new Expressions.Concatenation(parts);
  }

  private Expression product() {
    Expression left = power();
    while (isOperator(PRODUCTS)) {
      left = new Expressions.Operation(tokens.next().text(), left, power());
    }
    return left;
  }

  /// From left to right, unlike in Python.
  private Expression power() {
    Expression left = signed(true);
    while (tokens.skipOperator("**")) {
      left = new Expressions.Operation("**", left, signed(true));
    }
    return left;
  }

  private Expression signed(boolean filtered) {
    Expression value;
    if (isOperator(SUMS)) {
      boolean negative = tokens.next().text().equals("-");
      tokens.enter();
      value = new Expressions.Signed(negative, signed(false));
      tokens.leave();
    } else {
      value = primary();
    }
    value = postfix(value);
    return filtered ? filters(value) : value;
  }

  private Expression primary() {
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
        names.add(name);
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
    Expression inner = tuple(true, null);
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
      elements.add(expression());
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
      keys.add(expression());
      tokens.expectOperator(":");
      values.add(expression());
    }
    return new Expressions.Mapping(keys, values);
  }

  private Expression postfix(Expression value) {
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
    return new Calls.Call(function, new ArgumentParser(tokens, this).parenthesized());
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
    Expression from = tokens.isOperator(":") ? null : expression();
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
    return tokens.isOperator(":") || tokens.isOperator("]") ? null : expression();
  }

  private Expression filters(Expression value) {
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
    if (conditions == 0 && !Filters.has(name)) {
      missing.add(new TemplateException("no filter named '%s'".formatted(name), line));
    }
    return new Filtering(
        name,
        tokens.isOperator("(")
            ? new ArgumentParser(tokens, this).parenthesized()
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
    if (conditions == 0 && !Tests.has(name)) {
      missing.add(new TemplateException("no test named '%s'".formatted(name), line));
    }
    Expression tested = new Calls.Tested(value, name, testArguments());
    return negated ? new Expressions.Not(tested) : tested;
  }

  private Calls.Given testArguments() {
    if (tokens.isOperator("(")) {
      return new ArgumentParser(tokens, this).parenthesized();
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
    return new Calls.Given(
        List.of(postfix(primary())), Map.of(), null, null);
  }
}
