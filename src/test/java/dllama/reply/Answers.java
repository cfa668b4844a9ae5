package dllama.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dllama.reply.ReplyPart.Content;
import dllama.reply.ReplyPart.Reasoning;
import dllama.reply.ReplyPart.ToolCallArguments;
import dllama.reply.ReplyPart.ToolCallBegin;
import dllama.reply.ReplyPart.ToolCallBroken;
import dllama.reply.ReplyPart.ToolCallEnd;
import dllama.tokenizer.Tokenizer.Printing;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Answers, and what parsers make of them, as lines: `R` and `C` with reasoning and content, `T`
/// with a call and its arguments, `B` with one that is broken.
final class Answers {
  static final Vocabulary NO_MARKERS = vocabulary();

  static final Tool WEATHER =
      new Tool(
          "weather",
          "Tells the weather.",
          Map.of(
              "type",
              "object",
              "properties",
              Map.of(
                  "city",
                  Map.of("type", "string"),
                  "days",
                  Map.of("type", "integer"),
                  "exact",
                  Map.of("type", "boolean"),
                  "note",
                  Map.of("anyOf", List.of(Map.of("type", "string"), Map.of("type", "null"))),
                  "where",
                  Map.of("type", List.of("object", "array")))));

  static final Tool ADD = new Tool("add", "", Map.of("type", "object"));
  static final List<Tool> TOOLS = List.of(WEATHER, ADD);

  private Answers() {}

  /// A vocabulary of control tokens.
  static Vocabulary vocabulary(String... control) {
    byte[][] pieces = new byte[control.length + 1][];
    pieces[0] = "a".getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < control.length; i++) {
      pieces[i + 1] = control[i].getBytes(StandardCharsets.UTF_8);
    }
    BitSet silent = new BitSet();
    silent.set(1, control.length + 1);
    return new Vocabulary(
        pieces,
        new float[pieces.length],
        -1,
        List.of(),
        false,
        null,
        new Printing(silent, false, false),
        _ -> {
          throw new IllegalStateException("nothing is encoded here");
        });
  }

  /// What a parser makes of pieces.
  static List<String> lines(ReplyParser parser, List<String> pieces) {
    Lines lines = new Lines();
    pieces.forEach(piece -> parser.accept(piece, lines));
    parser.finish(lines);
    return lines.all();
  }

  /// Checks what becomes of a text, in one piece, in two with the cut anywhere, in single
  /// characters, and in pieces of random lengths.
  static void check(Supplier<ReplyParser> parsers, String text, List<String> expected) {
    assertEquals(expected, lines(parsers.get(), List.of(text)), text);
    for (int cut = 1; cut < text.length(); cut++) {
      List<String> two = List.of(text.substring(0, cut), text.substring(cut));
      assertEquals(expected, lines(parsers.get(), two), "cut at " + cut + " of " + text);
    }
    assertEquals(expected, lines(parsers.get(), List.of(text.split(""))), text);
    for (long seed = 0; seed < 20; seed++) {
      List<String> pieces = pieces(text, new Random(seed), 12);
      assertEquals(expected, lines(parsers.get(), pieces), "seed " + seed + ": " + pieces);
    }
  }

  static List<String> pieces(String text, Random random, int longest) {
    List<String> pieces = new ArrayList<>();
    for (int at = 0; at < text.length(); ) {
      int to = Math.min(text.length(), at + 1 + random.nextInt(longest));
      pieces.add(text.substring(at, to));
      at = to;
    }
    return pieces;
  }

  /// Joins what belongs together, and checks the order of parts.
  static final class Lines implements Consumer<ReplyPart> {
    private final List<String> all = new ArrayList<>();
    private int calls;
    private boolean open;

    @Override
    public void accept(ReplyPart part) {
      switch (part) {
        case Reasoning(String text) -> append("R ", text);
        case Content(String text) -> append("C ", text);
        case ToolCallBegin(int index, String name) -> {
          assertEquals(calls++, index);
          assertEquals(false, open, "a call within a call");
          open = true;
          all.add("T " + name + " ");
        }
        case ToolCallArguments(int index, String json) -> {
          assertEquals(calls - 1, index);
          assertEquals(true, open, "arguments without a call");
          all.add(all.removeLast() + json);
        }
        case ToolCallEnd(int index) -> {
          assertEquals(calls - 1, index);
          assertEquals(true, open, "the end of no call");
          open = false;
        }
        case ToolCallBroken(int index) -> {
          assertEquals(calls - 1, index);
          assertEquals(true, open, "the end of no call");
          open = false;
          all.add("B" + all.removeLast().substring(1));
        }
      }
    }

    private void append(String kind, String text) {
      assertEquals(false, open, "text within a call");
      assertEquals(false, text.isEmpty(), "an empty piece");
      if (!all.isEmpty() && all.getLast().startsWith(kind)) {
        all.add(all.removeLast() + text);
      } else {
        all.add(kind + text);
      }
    }

    List<String> all() {
      assertEquals(false, open, "a call without an end");
      return all;
    }
  }
}
