package dllama.template;

import dllama.template.Calls.Filtering;
import dllama.template.Token.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads the statements of a template.
final class Parser {
  private final Tokens tokens;
  private final Mentions mentions = new Mentions();
  private final ExpressionParser expressions;
  private final TargetParser targets;
  private int loops;

  private Parser(List<Token> list) {
    tokens = new Tokens(list);
    expressions = new ExpressionParser(tokens, mentions);
    targets = new TargetParser(tokens);
  }

  /// A template that was read.
  ///
  /// @param sought texts that it looks for in what it is given
  record Parsed(List<Statement> statements, Set<String> sought) {}

  static Parsed parse(String source) {
    Parser parser = new Parser(Lexer.tokens(source));
    List<Statement> statements = parser.body(null, Set.of());
    parser.mentions.check();
    return new Parsed(statements, parser.mentions.sought());
  }

  /// Statements up to a tag with one of these names, of which the name is left to be read; up to
  /// the end of the template for none.
  private List<Statement> body(@Nullable Token opening, Set<String> ends) {
    tokens.enter();
    List<Statement> statements = new ArrayList<>();
    while (true) {
      Token token = tokens.next();
      switch (token.kind()) {
        case TEXT -> statements.add(new Statements.Plain(token.line(), token.text()));
        case PRINT -> statements.add(print(token.line()));
        case BLOCK -> {
          Token name = tokens.peek();
          if (name.kind() == Kind.NAME && ends.contains(name.text())) {
            tokens.leave();
            return statements;
          }
          statements.add(statement());
          end();
        }
        default -> {
          if (opening != null) {
            throw new TemplateException(
                "'%s' has no end".formatted(opening.text()), opening.line());
          }
          return statements;
        }
      }
    }
  }

  private Statement print(int line) {
    Expression value = expressions.tuple(true, null);
    tokens.expect(Kind.PRINT_END, "'}}'");
    return new Statements.Print(line, List.of(value));
  }

  private void end() {
    tokens.expect(Kind.BLOCK_END, "'%}'");
  }

  /// The body of a tag whose opening was read up to its `%}`, with the tag that ends it.
  private List<Statement> enclosed(Token opening, String end) {
    List<Statement> body = begun(opening, Set.of(end));
    tokens.expectName(end);
    return body;
  }

  private List<Statement> begun(Token opening, Set<String> ends) {
    tokens.skipOperator(":");
    end();
    boolean conditional = opening.text().equals("if");
    int around = conditional ? 0 : mentions.setConditions(0);
    List<Statement> body = body(opening, ends);
    if (!conditional) {
      mentions.setConditions(around);
    }
    return body;
  }

  private Statement statement() {
    Token tag = tokens.expect(Kind.NAME, "the name of a tag");
    int line = tag.line();
    return switch (tag.text()) {
      case "if" -> condition(tag);
      case "for" -> loop(tag);
      case "set" -> set(tag);
      case "macro" -> macro(tag);
      case "call" -> call(tag);
      case "filter" -> {
        List<Filtering> filters = new ArrayList<>(List.of(expressions.filter()));
        filters.addAll(filters());
        yield new Statements.FilterBlock(line, filters, enclosed(tag, "endfilter"));
      }
      case "with" -> with(tag);
      case "generation" -> new Statements.Inner(line, enclosed(tag, "endgeneration"));
      case "block" -> block(tag);
      case "print" -> printed(line);
      case "break" -> jump(tag, Flow.BREAK);
      case "continue" -> jump(tag, Flow.CONTINUE);
      case "include", "import", "from", "extends" ->
          throw new TemplateException(
              "'%s' is not allowed: a chat template is a single file".formatted(tag.text()), line);
      default -> throw new TemplateException("unknown tag '%s'".formatted(tag.text()), line);
    };
  }

  private Statement condition(Token tag) {
    List<Statements.Branch> branches = new ArrayList<>();
    List<Statement> otherwise = List.of();
    mentions.enterCondition();
    String next = "elif";
    while (next.equals("elif")) {
      Expression condition = expressions.tuple(false, null);
      List<Statement> body = begun(tag, Set.of("elif", "else", "endif"));
      branches.add(new Statements.Branch(condition, body));
      next = tokens.next().text();
    }
    if (next.equals("else")) {
      otherwise = enclosed(tag, "endif");
    }
    mentions.leaveCondition();
    return new Statements.If(tag.line(), branches, otherwise);
  }

  private Statement loop(Token tag) {
    Target target = targets.target("in");
    tokens.expectName("in");
    Expression elements = expressions.tuple(false, "recursive");
    Expression condition = tokens.skipName("if") ? expressions.expression() : null;
    boolean recursive = tokens.skipName("recursive");
    loops++;
    List<Statement> body = begun(tag, Set.of("else", "endfor"));
    loops--;
    List<Statement> otherwise =
        tokens.next().text().equals("else") ? enclosed(tag, "endfor") : List.of();
    return new ForLoop(tag.line(), target, elements, condition, recursive, body, otherwise);
  }

  private Statement set(Token tag) {
    Target target = targets.target(null);
    if (tokens.skipOperator("=")) {
      return new Statements.Set(tag.line(), target, expressions.tuple(true, null));
    }
    return new Statements.SetBlock(tag.line(), target, filters(), enclosed(tag, "endset"));
  }

  private List<Filtering> filters() {
    List<Filtering> filters = new ArrayList<>();
    while (tokens.skipOperator("|")) {
      filters.add(expressions.filter());
    }
    return filters;
  }

  private Statement with(Token tag) {
    List<Target> names = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (tokens.peek().kind() != Kind.BLOCK_END) {
      if (!names.isEmpty()) {
        tokens.expectOperator(",");
      }
      names.add(targets.target(null));
      tokens.expectOperator("=");
      values.add(expressions.expression());
    }
    return new Statements.With(tag.line(), names, values, enclosed(tag, "endwith"));
  }

  private Statement block(Token tag) {
    String name = tokens.expect(Kind.NAME, "the name of the block").text();
    tokens.skipName("scoped");
    tokens.skipName("required");
    List<Statement> body = enclosed(tag, "endblock");
    tokens.skipName(name);
    return new Statements.Inner(tag.line(), body);
  }

  private Statement printed(int line) {
    List<Expression> values = new ArrayList<>();
    while (tokens.peek().kind() != Kind.BLOCK_END) {
      if (!values.isEmpty()) {
        tokens.expectOperator(",");
      }
      values.add(expressions.expression());
    }
    return new Statements.Print(line, values);
  }

  private Statement jump(Token tag, Flow flow) {
    if (loops == 0) {
      throw new TemplateException("'%s' outside of a loop".formatted(tag.text()), tag.line());
    }
    return new Statements.Jump(tag.line(), flow);
  }

  private Statement macro(Token tag) {
    String name = tokens.expect(Kind.NAME, "the name of the macro").text();
    return new MacroStatements.Define(tag.line(), definition(tag, name, "endmacro"));
  }

  private Statement call(Token tag) {
    Signature signature = tokens.isOperator("(") ? signature() : new Signature();
    if (!(expressions.expression() instanceof Calls.Call call)) {
      throw new TemplateException("'call' is followed by no call", tag.line());
    }
    return new MacroStatements.CallBlock(
        tag.line(), call, definition(tag, "", signature, "endcall"));
  }

  /// Parameters, and the defaults of the last of them.
  private record Signature(List<String> parameters, List<Expression> defaults) {
    Signature() {
      this(new ArrayList<>(), new ArrayList<>());
    }
  }

  private Macro.Definition definition(Token tag, String name, String end) {
    return definition(tag, name, signature(), end);
  }

  private Macro.Definition definition(Token tag, String name, Signature signature, String end) {
    Set<String> uses = new HashSet<>();
    Set<String> before = mentions.collect(uses);
    int around = loops;
    loops = 0;
    List<Statement> body = enclosed(tag, end);
    loops = around;
    mentions.collect(before).forEach(before::add);
    return new Macro.Definition(name, signature.parameters(), signature.defaults(), uses, body);
  }

  private Signature signature() {
    Signature signature = new Signature();
    tokens.expectOperator("(");
    while (!tokens.skipOperator(")")) {
      if (!signature.parameters().isEmpty()) {
        tokens.expectOperator(",");
      }
      signature.parameters().add(targets.name());
      if (tokens.skipOperator("=")) {
        signature.defaults().add(expressions.expression());
      } else if (!signature.defaults().isEmpty()) {
        throw tokens.unexpected("'=': parameters without a default come first");
      }
    }
    return signature;
  }
}
