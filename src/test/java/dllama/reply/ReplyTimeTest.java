package dllama.reply;

import static dllama.reply.Answers.TOOLS;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/// Time grows with the text and not faster: looks at characters are counted.
class ReplyTimeTest {
  private static final int LENGTH = 1 << 15;

  /// More than any marker has characters, so that each may begin one.
  private static final int MOST_LOOKS = 80;

  private static final List<String> SIGNS =
      List.of(
          "<think> <tool_call>",
          "<think> <tool_call> <function=",
          "<think> <tool_call> <arg_key>",
          "<think> [TOOL_CALLS] [ARGS]",
          "<think> <｜tool▁calls▁begin｜>",
          "<think> <|python_tag|>");

  /// A beginning, and what is repeated behind it.
  private static final List<List<String>> TEXTS =
      List.of(
          List.of("", "word "),
          List.of("", " "),
          List.of("", "<"),
          List.of("", "<tool_call"),
          List.of("", "<tool_call>"),
          List.of("", "<tool_call>{\"name\":\""),
          List.of("", "[TOOL_CALLS]a"),
          List.of("", "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>"),
          List.of("", "{"),
          List.of("<think>", "</think"),
          List.of("<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":\"", "b\\n"),
          List.of("<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":", "["),
          List.of("<tool_call>{\"arguments\":{\"a\":\"", "b"),
          List.of("<tool_call>{\"x\":\"", "b"),
          List.of("<tool_call>\n<function=", "b"),
          List.of("<tool_call><function=weather><parameter=city>", "</parameter"),
          List.of("<tool_call><function=weather><parameter=city>", "\n"),
          List.of("<tool_call><function=weather><parameter=where>", "</parameter"),
          List.of("<tool_call>weather\n<arg_key>city</arg_key><arg_value>", "</arg_v"),
          List.of("[TOOL_CALLS]add[ARGS]{\"a\":\"", "</s>"));

  @Test
  void shouldLookAtEachCharacterABoundedNumberOfTimes() {
    for (String sign : SIGNS) {
      MarkedFormat format = (MarkedFormat) ReplyFormat.of(sign, Answers.NO_MARKERS);
      for (List<String> text : TEXTS) {
        for (int piece : List.of(LENGTH, 100, 3)) {
          check(new MarkedParser(format, TOOLS, false), text, LENGTH, piece);
        }
      }
    }
  }

  @Test
  void shouldTakeAMegabyteApart() {
    MarkedFormat format = (MarkedFormat) ReplyFormat.of(SIGNS.get(1), Answers.NO_MARKERS);
    for (List<String> text : TEXTS) {
      check(new MarkedParser(format, TOOLS, false), text, 1 << 20, 1000);
    }
  }

  /// What nobody was told of is held in case that it is no call, but not without end.
  @Test
  void shouldHoldBackABoundedText() {
    for (String begin :
        List.of(
            "<tool_call>{\"x\":\"",
            "<tool_call>{\"arguments\":{\"a\":\"",
            "<tool_call><function=weather><parameter=where>[\"")) {
      ReplyParser parser = ReplyFormat.of(SIGNS.get(1), Answers.NO_MARKERS).parser(TOOLS, "");
      long[] told = {0};
      parser.accept(begin, part -> told[0] += length(part));
      for (int i = 0; i < 3000; i++) {
        parser.accept("b".repeat(1000), part -> told[0] += length(part));
      }
      assertTrue(told[0] > 2_900_000, begin + told[0]);
    }
  }

  private static void check(MarkedParser parser, List<String> text, int length, int piece) {
    String all = text.getFirst() + text.getLast().repeat(length / text.getLast().length());
    long told = told(parser, all, piece);
    String shown = "%s, pieces of %d: %d looks, %d told";
    shown = shown.formatted(text, piece, parser.looks(), told);
    assertTrue(parser.looks() <= (long) MOST_LOOKS * all.length(), shown);
    assertTrue(told >= (text.getLast().isBlank() ? 0 : all.length() / 2), shown);
  }

  /// How many characters came out.
  private static long told(MarkedParser parser, String text, int piece) {
    long[] told = {0};
    for (int at = 0; at < text.length(); at += piece) {
      String next = text.substring(at, Math.min(text.length(), at + piece));
      parser.accept(next, part -> told[0] += length(part));
    }
    parser.finish(part -> told[0] += length(part));
    return told[0];
  }

  private static int length(ReplyPart part) {
    return switch (part) {
      case ReplyPart.Content(String text) -> text.length();
      case ReplyPart.Reasoning(String text) -> text.length();
      case ReplyPart.ToolCallArguments(_, String json) -> json.length();
      default -> 0;
    };
  }
}
