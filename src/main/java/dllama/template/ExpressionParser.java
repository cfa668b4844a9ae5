package dllama.template;

import dllama.template.Calls.Filtering;
import dllama.template.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads expressions. Operators bind as in Jinja, from loose to tight: `if`, `or`, `and`, `not`,
/// comparisons, `+ -`, `~`, `* / // %`, `**`, signs, then filters and tests.
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> SUMS = Set.of("+", "-");
  private static final Set<String> PRODUCTS = Set.of("*", "/", "//", "%");

  private final Tokens tokens;

  private final Mentions mentions;
  private final OperandParser operands;

  ExpressionParser(Tokens tokens, Mentions mentions) {
    this.tokens = tokens;
    this.mentions = mentions;
    operands = new OperandParser(tokens, this, mentions);
  }

  Expression expression() {
    tokens.enter();
    int missingBefore = mentions.missing();
    Expression value = or();
    while (tokens.skipName("if")) {
      // What stands in front is conditional, too.
      mentions.forget(missingBefore);
      mentions.enterCondition();
      Expression condition = or();
      Expression otherwise = tokens.skipName("else") ? expression() : null;
      mentions.leaveCondition();
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
    if (operators.isEmpty()) {
      return first;
    }
    mentions.sought(first);
    others.forEach(mentions::sought);
    return new Expressions.Chain(first, operators, others);
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
      value = operands.postfix(new Expressions.Signed(negative, signed(false)));
      tokens.leave();
    } else {
      value = operands.postfix(operands.primary());
    }
    return filtered ? operands.filters(value) : value;
  }

  /// A filter, behind its `|`.
  Filtering filter() {
    return operands.filter();
  }
}
