package dllama.reply;

import static dllama.reply.Answers.ADD;
import static dllama.reply.Answers.NO_MARKERS;
import static dllama.reply.Answers.TOOLS;
import static dllama.reply.Answers.WEATHER;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dllama.reply.CallShape.Alternatives;
import dllama.reply.CallShape.Arguments;
import dllama.reply.CallShape.Literal;
import dllama.reply.CallShape.OneOrMore;
import dllama.reply.CallShape.Sequence;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Forced calls.
class CallShapeTest {
  /// One of each form.
  private static final List<String> SIGNS =
      List.of(
          "",
          "<tool_call>",
          "<tool_call> <function=",
          "<tool_call> <arg_key>",
          "<minimax:tool_call>",
          "<seed:tool_call>",
          "<tool_calls>",
          "[TOOL_CALLS]",
          "[TOOL_CALLS] [ARGS]",
          "<｜tool▁calls▁begin｜>",
          "<｜tool▁calls▁begin｜> ```json",
          "<|tool_calls_section_begin|>",
          "<|START_ACTION|>",
          "<|tools_prefix|>",
          "<|tool_call|>",
          "<|tool_call>call:",
          "functools[",
          "<function=",
          "<|python_tag|>",
          "<|start|>assistant <|channel|>");

  @Test
  void shouldDescribeLiteralsAroundArguments() {
    CallShape one = ReplyFormat.of("<tool_call>", NO_MARKERS).toolCallShape(List.of(ADD), false);
    assertEquals(
        new Sequence(
            List.of(
                new Literal(""),
                new Sequence(
                    List.of(
                        new Literal("<tool_call>\n{\"name\": \"add\", \"arguments\": "),
                        new Arguments(ADD.parameters()),
                        new Literal("}\n</tool_call>"))),
                new Literal(""))),
        one);
    ReplyFormat format = ReplyFormat.of("<tool_call>", NO_MARKERS);
    assertThrows(IllegalArgumentException.class, () -> format.toolCallShape(List.of(), true));
  }

  /// Whatever the shape allows is read as calls.
  @Test
  void shouldBeReadByTheParser() {
    for (String sign : SIGNS) {
      ReplyFormat format = ReplyFormat.of(sign, NO_MARKERS);
      for (Tool tool : TOOLS) {
        assertEquals(
            List.of("T " + tool.name() + " {}"),
            read(format, format.toolCallShape(List.of(tool), false)),
            sign);
      }
      assertEquals(List.of("T weather {}"), read(format, format.toolCallShape(TOOLS, false)), sign);
      assertEquals(
          List.of("T add {}", "T add {}", "T add {}"),
          read(format, format.toolCallShape(List.of(ADD, WEATHER), true)),
          sign);
      assertEquals(
          List.of("T add {\"a\": 1}"),
          Answers.lines(
              format.parser(TOOLS, ""), List.of(format.callForm().text("add", "{\"a\": 1}"))),
          sign);
    }
  }

  private static List<String> read(ReplyFormat format, CallShape shape) {
    StringBuilder text = new StringBuilder();
    write(shape, text);
    return Answers.lines(format.parser(TOOLS, ""), List.of(text.toString()));
  }

  /// A text of a shape: the first choice, three times where there may be more.
  private static void write(CallShape shape, StringBuilder to) {
    switch (shape) {
      case Literal(String text) -> to.append(text);
      case Arguments _ -> to.append("{}");
      case Sequence(List<CallShape> parts) -> parts.forEach(part -> write(part, to));
      case Alternatives(List<CallShape> choices) -> write(choices.getFirst(), to);
      case OneOrMore(CallShape each, String between) -> {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          StringBuilder text = new StringBuilder();
          write(each, text);
          texts.add(text.toString());
        }
        to.append(String.join(between, texts));
      }
    }
  }
}
