package dllama.reply;

import static dllama.reply.Answers.TOOLS;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dllama.reply.Answers.Lines;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Markers that are control tokens, and so show no text.
class MarkerTokensTest {
  private static final Vocabulary VOCABULARY =
      Answers.vocabulary("[TOOL_CALLS]", "[ARGS]", "[INST]", "[THINK]", "[/THINK]", "a");

  private static final ReplyFormat FORMAT =
      ReplyFormat.of("[TOOL_CALLS][ARGS][INST][THINK]", VOCABULARY);

  @Test
  void shouldFindMarkersAmongControlTokens() {
    assertEquals("{1, 2, 4, 5}", FORMAT.markerTokens().toString());
  }

  @Test
  void shouldTakeControlTokensForTheirNames() {
    ReplyParser parser = FORMAT.parser(TOOLS, "");
    Lines lines = new Lines();
    parser.acceptToken(4, "", lines);
    parser.acceptToken(0, "Hm", lines);
    parser.acceptToken(5, "", lines);
    parser.acceptToken(3, "", lines); // of no meaning here
    parser.acceptToken(0, "I add", lines);
    parser.acceptToken(1, ".", lines); // comes with text that was held back
    parser.acceptToken(0, "add", lines);
    parser.acceptToken(2, "", lines);
    parser.acceptToken(0, "{\"a\": 1}", lines);
    parser.acceptToken(-1, "", lines);
    parser.finish(lines);
    assertEquals(List.of("R Hm", "C I add.", "T add {\"a\": 1}"), lines.all());
  }

  /// A marker may be several control tokens.
  @Test
  void shouldFindTheTokensOfAMarker() {
    Vocabulary deepSeek = Answers.vocabulary("<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜User｜>");
    ReplyFormat format = ReplyFormat.of("<｜tool▁calls▁begin｜> ```json", deepSeek);
    assertEquals("{1, 2}", format.markerTokens().toString());
  }
}
