package dllama.api.service;

import dllama.api.http.ApiException;
import dllama.api.http.Json;
import dllama.constraint.Grammar;
import dllama.constraint.JsonSchema;
import dllama.constraint.TokenTrie;
import dllama.error.UserException;
import dllama.generation.TokenMask;
import dllama.reply.CallShape;
import dllama.reply.ReplyFormat;
import dllama.reply.ReplyParser;
import dllama.reply.Tool;
import dllama.reply.ToolText;
import dllama.session.ChatPrompts;
import dllama.session.Conversation;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.BitSet;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What answers have to be, and what they are made of: connects requests with the forms in which
/// the model writes thoughts and calls, and with masks. Any thread.
final class Shapes {
  private static final String THOUGHT_ENDS = "</think>";

  private final ReplyFormat format;

  /// Tokens by what they show, and the same where markers show their names: made when first needed.
  private final Supplier<TokenTrie> shown;

  private final Supplier<TokenTrie> named;

  Shapes(ChatPrompts prompts) {
    Vocabulary vocabulary = prompts.vocabulary();
    format =
        prompts
            .jinja()
            .map(source -> ReplyFormat.of(source, vocabulary))
            .orElseGet(() -> ReplyFormat.of(prompts.own(), vocabulary));
    shown = new Once<>(() -> TokenTrie.of(vocabulary, new BitSet()));
    named = new Once<>(() -> TokenTrie.of(vocabulary, format.markerTokens()));
  }

  /// A value that takes long to make.
  private static final class Once<T> implements Supplier<T> {
    private final Supplier<T> maker;
    private @Nullable T made;

    Once(Supplier<T> maker) {
      this.maker = maker;
    }

    @Override
    public synchronized T get() {
      T known = made;
      if (known == null) {
        known = maker.get();
        made = known;
      }
      return known;
    }
  }

  /// A conversation as the template can write it, where it knows nothing of tools.
  Conversation prepared(Conversation conversation, Ask.Tools tools) {
    List<Tool> told = tools.choice() == Ask.Choice.NONE ? List.of() : tools.list();
    return new Conversation(
        ToolText.messages(format, conversation.messages(), told),
        format.tellsTools() ? conversation.tools() : List.of(),
        conversation.variables(),
        conversation.begun());
  }

  /// Takes an answer apart; null where it is nothing but text.
  @Nullable ReplyParser parser(Ask ask, String opening) {
    if (!(ask.prompt() instanceof Ask.Prompt.Chat(Conversation conversation))) {
      return null;
    }
    List<Tool> tools = ask.tools().choice() == Ask.Choice.NONE ? List.of() : ask.tools().list();
    return format.parser(tools, opening + conversation.begun());
  }

  /// Which tokens an answer may have; null: all.
  ///
  /// @throws ApiException for what answers can not be held to
  @Nullable TokenMask mask(Ask ask, ChatPrompts.Prompt prompt) {
    boolean calls = ask.tools().choice() == Ask.Choice.REQUIRED;
    String field = calls ? "tools" : "response_format";
    try {
      Grammar grammar = calls ? calls(ask.tools()) : json(ask.shape());
      if (grammar == null) {
        return null;
      }
      boolean thinks = prompt.opening().contains("<think>");
      TokenTrie trie = calls || thinks ? named.get() : shown.get();
      int before = prompt.tokens()[prompt.tokens().length - 1];
      return trie.mask(thinks ? afterThought(grammar) : grammar, before);
    } catch (UserException e) {
      throw ApiException.bad(field, "is not possible: " + e.getMessage());
    }
  }

  private static @Nullable Grammar json(Ask.Shape shape) {
    return switch (shape) {
      case Ask.Shape.Free _ -> null;
      case Ask.Shape.JsonObject _ -> Grammar.anyJsonObject();
      case Ask.Shape.JsonSchema(String schema) -> Grammar.json(JsonSchema.parse(Json.read(schema)));
    };
  }

  private static Grammar afterThought(Grammar grammar) {
    Grammar spaced =
        Grammar.choice(
            grammar,
            Grammar.sequence(Grammar.literal("\n\n"), grammar),
            Grammar.sequence(Grammar.literal("\n"), grammar));
    return Grammar.freeText(List.of(new Grammar.Trigger(THOUGHT_ENDS, spaced)), false);
  }

  private Grammar calls(Ask.Tools tools) {
    List<Tool> possible =
        tools.only().isEmpty()
            ? tools.list()
            : tools.list().stream().filter(t -> t.name().equals(tools.only().get())).toList();
    return grammar(format.toolCallShape(possible, tools.parallel()));
  }

  private static Grammar grammar(CallShape shape) {
    return switch (shape) {
      case CallShape.Literal(String text) -> Grammar.literal(text);
      case CallShape.Arguments(var schema) ->
          Grammar.json(JsonSchema.parse(Json.read(Json.text(schema))));
      case CallShape.Sequence(List<CallShape> parts) ->
          Grammar.sequence(parts.stream().map(Shapes::grammar).toArray(Grammar[]::new));
      case CallShape.Alternatives(List<CallShape> choices) ->
          Grammar.choice(choices.stream().map(Shapes::grammar).toList());
      case CallShape.OneOrMore(CallShape one, String between) ->
          Grammar.repeat(grammar(one), between, 1, Integer.MAX_VALUE);
    };
  }
}
