package dllama.reply;

import static dllama.reply.Answers.NO_MARKERS;
import static dllama.reply.Answers.TOOLS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Answers of gpt-oss.
class HarmonyTest {
  private static final String TEMPLATE = "<|start|>assistant<|channel|>final<|message|>";
  private static final String PROMPT = "<|start|>user<|message|>Hi<|end|><|start|>assistant";
  private final ReplyFormat format = ReplyFormat.of(TEMPLATE, NO_MARKERS);

  private void check(String text, String... expected) {
    Answers.check(() -> format.parser(TOOLS, PROMPT), text, List.of(expected));
  }

  @Test
  void shouldTellThoughtsFromAnswers() {
    check(
        "<|channel|>analysis<|message|>The user greets. 1 < 2 <|x|>.<|end|>"
            + "<|start|>assistant<|channel|>final<|message|>Hello!\n\n* a <b>\n",
        "R The user greets. 1 < 2 <|x|>.",
        "C Hello!\n\n* a <b>\n");
    check("<|channel|>final<|message|>Hello<|return|>", "C Hello");
    check("<|channel|>commentary<|message|>I will look.<|end|>", "C I will look.");
    check("<|channel|>final<|message|><|return|>");
  }

  @Test
  void shouldTellCallsWhereverTheRecipientStands() {
    check(
        "<|channel|>analysis<|message|>Look it up.<|end|><|start|>assistant"
            + "<|channel|>commentary to=functions.weather <|constrain|>json<|message|>"
            + "{\"city\": \"Paris\"}<|call|>",
        "R Look it up.",
        "T weather {\"city\": \"Paris\"}");
    check(
        " to=functions.add<|channel|>commentary json<|message|>{\"a\": 1}<|call|>"
            + "<|start|>assistant to=functions.add<|channel|>commentary<|message|>{}",
        "T add {\"a\": 1}",
        "T add {}");
    check(
        "<|channel|>commentary to=python<|message|>{\"a\": [1, \"}\"]} <|end|>"
            + "<|channel|>final<|message|>ok",
        "T python {\"a\": [1, \"}\"]}",
        "C ok");
  }

  @Test
  void shouldLoseNothingOfWhatIsNoCall() {
    String header = "<|channel|>commentary to=functions.add json<|message|>";
    check(header + "1 + 2<|call|>", "C " + header + "1 + 2");
    check(header + "{\"a\": oh", "B add {\"a\": ", "C oh");
    check(header + "{\"a\": 1", "B add {\"a\": 1");
    check("Plain text, <|no|> markers.", "C Plain text, <|no|> markers.");
    check(" to be", "C  to be");
    String endless = "<|channel|>" + "x".repeat(500);
    assertEquals(List.of("C " + "x".repeat(500)), lines(format, "", List.of(endless)));
  }

  @Test
  void shouldTakeCallsForContentWithoutTools() {
    ReplyParser parser = format.parser(List.of(), PROMPT);
    String text = "<|channel|>commentary to=functions.add<|message|>{}<|call|>";
    assertEquals(List.of("C {}"), Answers.lines(parser, List.of(text)));
  }

  @Test
  void shouldGoOnWhereThePromptEnds() {
    String within = PROMPT + "<|channel|>final<|message|>Once";
    assertEquals(List.of("C  upon"), lines(format, within, List.of(" upon")));
    String thought = PROMPT + "<|channel|>analysis<|message|>";
    assertEquals(List.of("R hm"), lines(format, thought, List.of("hm<|end|>")));
  }

  @Test
  void shouldHoldNoMaskBeforeTheAnswer() {
    ReplyParser parser = format.parser(TOOLS, PROMPT);
    assertTrue(parser.isReasoning());
    parser.accept("<|channel|>analysis<|message|>a<|end|><|start|>assistant", _ -> {});
    assertTrue(parser.isReasoning());
    parser.accept("<|channel|>final<|message|>", _ -> {});
    assertFalse(parser.isReasoning());
  }

  @Test
  void shouldTakeControlTokensForTheirNames() {
    Vocabulary vocabulary =
        Answers.vocabulary("<|channel|>", "<|message|>", "<|end|>", "<|start|>", "<|other|>");
    ReplyFormat silent = ReplyFormat.of(TEMPLATE, vocabulary);
    assertEquals(4, silent.markerTokens().cardinality());
    ReplyParser parser = silent.parser(TOOLS, PROMPT);
    Answers.Lines lines = new Answers.Lines();
    parser.acceptToken(1, "", lines);
    parser.accept("analysis", lines);
    parser.acceptToken(2, "", lines);
    parser.accept("so", lines);
    parser.acceptToken(3, "", lines);
    parser.acceptToken(4, "", lines);
    parser.accept("assistant", lines);
    parser.acceptToken(1, "", lines);
    parser.accept("final", lines);
    parser.acceptToken(2, "", lines);
    parser.accept("Hi", lines);
    parser.finish(lines);
    assertEquals(List.of("R so", "C Hi"), lines.all());
  }

  private static List<String> lines(ReplyFormat format, String prompt, List<String> pieces) {
    return Answers.lines(format.parser(TOOLS, prompt), pieces);
  }
}
