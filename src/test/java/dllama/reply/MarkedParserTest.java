package dllama.reply;

import static dllama.reply.Answers.NO_MARKERS;
import static dllama.reply.Answers.TOOLS;
import static dllama.reply.Answers.check;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.reply.Answers.Lines;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Thoughts, content, and what lies between markers.
class MarkedParserTest {
  private static final ReplyFormat QWEN =
      ReplyFormat.of("{{ tools }}{{ tool_calls }}<think></think><tool_call>", NO_MARKERS);

  private static void checkQwen(String text, String... expected) {
    check(() -> QWEN.parser(TOOLS, ""), text, List.of(expected));
  }

  @Test
  void shouldTellAThoughtFromContent() {
    checkQwen("<think>\nWhy?\n\nSo.\n</think>\n\nYes \n no.", "R Why?\n\nSo.", "C Yes \n no.");
    checkQwen("\n<think>a</think>b", "R a", "C b");
    checkQwen("<think>\n\n</think>\n\nb", "C b");
    checkQwen("<think>ä</thin </think", "R ä</thin </think");
  }

  @Test
  void shouldBeginWithinAThoughtThatThePromptHasOpened() {
    for (String prompt : List.of("<think>\n", "<|im_start|>assistant\n<think>", "<think>")) {
      check(() -> QWEN.parser(TOOLS, prompt), "\na\n</think>\nb", List.of("R a", "C b"));
      check(() -> QWEN.parser(TOOLS, prompt), "<think>\na</think>b", List.of("R a", "C b"));
      check(() -> QWEN.parser(TOOLS, prompt), "a", List.of("R a"));
    }
    for (String prompt : List.of("<think>\n\n</think>\n\n", "", "is <think> a tag?<|im_end|>")) {
      check(() -> QWEN.parser(TOOLS, prompt), "a</think>b", List.of("C a</think>b"));
    }
  }

  @Test
  void shouldTakeThoughtsInFrontOnly() {
    checkQwen("The tag <think> is it</think>.", "C The tag <think> is it</think>.");
    checkQwen("<think>a</think>b<think>c</think>", "R a", "C b<think>c</think>");
    checkQwen("<think>a</think><think>c</think>", "R a", "C <think>c</think>");
  }

  @Test
  void shouldNotLookForCallsWithinAThought() {
    String call = "<tool_call>{\"name\":\"add\",\"arguments\":{}}</tool_call>";
    checkQwen("<think>Shall I " + call + "?</think>" + call, "R Shall I " + call + "?", "T add {}");
  }

  @Test
  void shouldKeepWhatOnlyLooksLikeAMarker() {
    checkQwen("a < b <tool <tool_cal <<tool_call", "C a < b <tool <tool_cal <<tool_call");
    checkQwen("<thin", "C <thin");
    checkQwen("<thi <think>", "C <thi <think>");
    checkQwen(" \n a \n ", "C  \n a \n ");
    checkQwen("<tool_call", "C <tool_call");
    checkQwen("<tool_call>", "C <tool_call>");
    checkQwen("x <tool_call>\n{\"na", "C x <tool_call>\n{\"na");
  }

  @Test
  void shouldTakeCallsForContentWhereThereAreNoTools() {
    String text = " <tool_call>\n{\"name\":\"add\",\"arguments\":{}}\n</tool_call> ";
    check(() -> QWEN.parser(List.of(), ""), text, List.of("C" + " " + text));
  }

  @Test
  void shouldTellWhetherItIsReasoning() {
    ReplyParser parser = QWEN.parser(TOOLS, "<think>");
    Lines lines = new Lines();
    assertTrue(parser.isReasoning());
    parser.accept("a</think", lines);
    assertTrue(parser.isReasoning());
    parser.accept(">", lines);
    assertFalse(parser.isReasoning());
    assertEquals(List.of("R a"), lines.all());
  }

  /// Nothing waits longer than it has to.
  @Test
  void shouldTellTextAsItComes() {
    ReplyParser parser = QWEN.parser(TOOLS, "");
    Lines lines = new Lines();
    parser.accept("Hello, wor", lines);
    assertEquals(List.of("C Hello, wor"), lines.all());
    parser.accept("ld <", lines);
    assertEquals(List.of("C Hello, world"), lines.all());
    parser.accept("b>", lines);
    assertEquals(List.of("C Hello, world <b>"), lines.all());
  }

  @Test
  void shouldKnowTheThoughtsOfOtherTemplates() {
    for (String marks :
        List.of(
            "<|START_THINKING|> <|END_THINKING|>",
            "<seed:think> </seed:think>",
            "[THINK] [/THINK]",
            "<|inner_prefix|> <|inner_suffix|>",
            "<thinking> </thinking>")) {
      ReplyFormat format = ReplyFormat.of(marks, NO_MARKERS);
      check(
          () -> format.parser(TOOLS, ""),
          marks.replace(" ", "why?") + "so",
          List.of("R why?", "C so"));
    }
    ReplyFormat none = ReplyFormat.of("{{ messages }}", NO_MARKERS);
    check(() -> none.parser(TOOLS, "<think>"), "<think>a", List.of("C <think>a"));
    ReplyFormat byVocabulary = ReplyFormat.of("", Answers.vocabulary("<think>", "</think>"));
    check(() -> byVocabulary.parser(TOOLS, ""), "<think>a</think>", List.of("R a"));
  }

  @Test
  void shouldNotShowFramesOfContent() {
    ReplyFormat cohere = ReplyFormat.of("<|START_THINKING|><|START_TEXT|><|END_TEXT|>", NO_MARKERS);
    check(
        () -> cohere.parser(TOOLS, "<|START_THINKING|>"),
        "a<|END_THINKING|><|START_TEXT|>b c<|END_TEXT|>",
        List.of("R a", "C b c"));
  }
}
