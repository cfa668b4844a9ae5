package dllama.reply;

import static dllama.reply.Answers.NO_MARKERS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.Conformance;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Answers with calls as the templates of published models write them, where the larger collection
/// is there; [RenderedRepliesTest] needs no collection.
class PublishedRepliesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /// Templates whose calls are read. Others do not write calls, refuse these conversations, write
  /// arguments in Python's form, or have a form that is not known.
  private static final Set<String> READ =
      Set.of(
          "Apertus-8B-Instruct",
          "Apriel-1.6-15b-Thinker-fixed",
          "Bielik-11B-v3.0-Instruct",
          "Cohere2MoE",
          "CohereForAI-c4ai-command-r-plus-tool_use",
          "GLM-4.6",
          "GLM-4.6-ik",
          "MiMo-VL",
          "MiniMax-M2",
          "Mistral-Small-3.2-24B-Instruct-2506",
          "NVIDIA-Nemotron-3-Nano-30B-A3B-BF16",
          "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use",
          "Qwen-Qwen2.5-7B-Instruct",
          "Qwen-Qwen3-0.6B",
          "Qwen3-Coder",
          "Reka-Edge",
          "StepFun3.5-Flash",
          "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B",
          "deepseek-ai-DeepSeek-V3.1",
          "google-gemma-4-31B-it",
          "ibm-granite-granite-4.1",
          "meetkai-functionary-medium-v3.1",
          "meta-llama-Llama-3.1-8B-Instruct",
          "mistralai-Mistral-Nemo-Instruct-2407",
          "moonshotai-Kimi-K2",
          "poolside-Laguna-XS.2",
          "unsloth-Apriel-1.5");

  /// What follows an answer.
  private static final List<String> ENDS =
      List.of(
          "<|im_end|>",
          "<|eot_id|>",
          "<|eom_id|>",
          "</s>",
          "<｜end▁of▁sentence｜>",
          "<|END_OF_TURN_TOKEN|>",
          "<|START_OF_TURN_TOKEN|>",
          "<|end_of_text|>",
          "<|observation|>",
          "<seed:eos>",
          "[e~[",
          "<|end|>",
          "<turn|>",
          "<|tool_response>",
          "</assistant>",
          "\n\n<sep>",
          "<|begin_tool_result|>",
          "[3.5]",
          "[{\"temp\"");

  @TestFactory
  Stream<DynamicTest> shouldReadWhatTemplatesWrite() {
    return Conformance.shared("jinja", "")
        .map(PublishedRepliesTest::files)
        .orElse(List.of())
        .stream()
        .filter(file -> READ.contains(name(file)))
        .map(file -> DynamicTest.dynamicTest(name(file), () -> check(Conformance.json(file))));
  }

  private static String name(Path file) {
    return file.getFileName().toString().replace(".json", "");
  }

  private static List<Path> files(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void check(JsonNode file) throws IOException {
    ReplyFormat format = ReplyFormat.of(file.path("template").asText(), NO_MARKERS);
    int checked = 0;
    for (JsonNode each : file.path("cases")) {
      if (each.has("output")) {
        checked += check(format, each) ? 1 : 0;
      }
    }
    assertTrue(checked > 0, "no conversation was checked");
  }

  /// Whether there was something to check.
  private static boolean check(ReplyFormat format, JsonNode each) throws IOException {
    JsonNode messages = each.at("/input/messages");
    JsonNode answer = null;
    String before = "";
    for (JsonNode message : messages) {
      if (message.has("tool_calls")) {
        answer = message;
        break;
      }
      before = message.path("content").asText(before);
    }
    String output = each.path("output").asText();
    int question = output.lastIndexOf(before);
    if (answer == null || question < 0 || before.isEmpty()) {
      return false;
    }
    String reply = cut(output.substring(question + before.length()), answer);
    String first = answer.at("/tool_calls/0/function/name").asText();
    boolean noContent = answer.path("content").isNull();
    boolean noArguments = answer.toString().contains("Paris") && !reply.contains("Paris");
    if (!reply.contains(first)
        || noContent
        || noArguments
        || reply.contains("\"{\\\"")
        || reply.contains("{{\"")) {
      return false; // the template leaves calls or arguments out, or writes `None`, or JSON as a
      // text
    }
    List<Tool> tools = tools(each.at("/input/tools"));
    for (long seed = 0; seed < 30; seed++) {
      List<String> pieces = Answers.pieces(reply, new Random(seed), 8);
      List<String> lines = Answers.lines(format.parser(tools, ""), pieces);
      compare(answer, reply, lines, each.path("name").asText() + ", seed " + seed + ": " + reply);
    }
    return true;
  }

  /// The answer without what precedes and follows it.
  private static String cut(String text, JsonNode answer) {
    int from = begin(text, answer);
    int end = text.length();
    for (String mark : ENDS) {
      int at = text.indexOf(mark, from);
      end = at >= 0 && at < end ? at : end;
    }
    return text.substring(from, end).strip();
  }

  private static int begin(String text, JsonNode answer) {
    int from = 0;
    for (String mark :
        List.of(
            "assistant\n",
            "<|turn>model\n",
            "<|begin_assistant|>",
            "<|assistant|>",
            "<|CHATBOT_TOKEN|>",
            "]~b]ai\n",
            "[/INST]",
            "<|end_header_id|>\n\n",
            "assistant: ",
            "assistant<|im_middle|>",
            "<｜Assistant｜>",
            "<|end_of_role|>",
            "<assistant>\n</think>",
            "<assistant>",
            "<|assistant_start|>")) {
      int at = text.indexOf(mark);
      if (at >= 0) {
        from = Math.max(from, at + mark.length());
        break;
      }
    }
    return from;
  }

  private static List<Tool> tools(JsonNode given) {
    List<Tool> tools = new ArrayList<>();
    for (JsonNode tool : given) {
      JsonNode function = tool.path("function");
      Map<String, Object> schema =
          JSON.convertValue(function.path("parameters"), new TypeReference<>() {});
      tools.add(new Tool(function.path("name").asText(), "", schema));
    }
    return tools;
  }

  private static void compare(JsonNode answer, String reply, List<String> lines, String shown)
      throws IOException {
    List<String> calls = lines.stream().filter(line -> line.startsWith("T ")).toList();
    assertEquals(answer.path("tool_calls").size(), calls.size(), shown + "\n" + lines);
    for (int i = 0; i < calls.size(); i++) {
      JsonNode function = answer.at("/tool_calls/" + i + "/function");
      String head = "T " + function.path("name").asText() + " ";
      assertTrue(calls.get(i).startsWith(head), shown + "\n" + lines);
      JsonNode arguments = function.path("arguments");
      assertEquals(
          arguments.isTextual() ? JSON.readTree(arguments.asText()) : arguments,
          JSON.readTree(calls.get(i).substring(head.length())),
          shown);
    }
    List<String> rest = new ArrayList<>();
    for (String kind : List.of("reasoning_content", "content")) {
      String text = answer.path(kind).asText("");
      if (!text.isEmpty() && !text.equals("null") && reply.contains(text)) {
        rest.add((kind.equals("content") ? "C " : "R ") + text);
      }
    }
    assertEquals(rest, lines.stream().filter(line -> !line.startsWith("T ")).toList(), shown);
  }
}
