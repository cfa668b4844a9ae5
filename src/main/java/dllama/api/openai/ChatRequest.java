package dllama.api.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.api.http.Fields;
import dllama.api.http.Json;
import dllama.api.service.Ask;
import dllama.session.Conversation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// A request for chat completions.
///
/// @param answers how many
/// @param stream whether they are sent while they are made
/// @param usage whether a stream tells at its end what they took
record ChatRequest(Ask ask, int answers, boolean stream, boolean usage) {
  static final int MOST_ANSWERS = 16;
  private static final int MOST_LOGPROBS = 20;

  /// @throws dllama.api.http.ApiException naming the first field that is wrong
  static ChatRequest read(Fields body) {
    List<Map<String, @Nullable Object>> messages = Messages.read(body);
    Ask ask =
        new Ask(
            new Ask.Prompt.Chat(conversation(messages, body)),
            SamplingFields.read(body),
            maxTokens(body),
            SamplingFields.stops(body),
            ToolFields.shape(body),
            ToolFields.read(body),
            logprobs(body),
            true);
    boolean stream = body.flag("stream", false);
    return new ChatRequest(
        ask, body.whole("n", 1, MOST_ANSWERS, 1), stream, includesUsage(body, stream));
  }

  /// The conversation of a request, without what says how it is answered.
  static Conversation conversation(Fields body) {
    return conversation(Messages.read(body), body);
  }

  private static Conversation conversation(
      List<Map<String, @Nullable Object>> messages, Fields body) {
    Map<String, @Nullable Object> variables = new LinkedHashMap<>();
    body.object("chat_template_kwargs").ifPresent(given -> addAll(variables, given));
    body.textIfAny("reasoning_effort").ifPresent(e -> variables.putIfAbsent("reasoning_effort", e));
    boolean none = body.any("tool_choice").map(JsonNode::asText).orElse("").equals("none");
    List<Object> tools = none ? List.of() : ToolFields.forTemplates(body);
    Map<String, @Nullable Object> last = messages.getLast();
    if (last.get("content") instanceof String begun
        && "assistant".equals(last.get("role"))
        && !last.containsKey("tool_calls")
        && messages.size() > 1) {
      List<Map<String, @Nullable Object>> before = new ArrayList<>(messages);
      before.removeLast();
      return new Conversation(before, tools, variables, begun);
    }
    return new Conversation(messages, tools, variables, "");
  }

  private static void addAll(Map<String, @Nullable Object> variables, Fields given) {
    for (Map.Entry<String, JsonNode> entry : given.node().properties()) {
      boolean ours = List.of("messages", "tools", "add_generation_prompt").contains(entry.getKey());
      if (ours) {
        throw given.bad(entry.getKey(), "is what the request itself says");
      }
      variables.put(entry.getKey(), Json.values(entry.getValue()));
    }
  }

  private static OptionalLong maxTokens(Fields body) {
    OptionalLong newer = body.whole("max_completion_tokens", 1, Integer.MAX_VALUE);
    OptionalLong older = body.whole("max_tokens", 1, Integer.MAX_VALUE);
    return newer.isPresent() ? newer : older;
  }

  private static int logprobs(Fields body) {
    int top = body.whole("top_logprobs", 0, MOST_LOGPROBS, 0);
    boolean wanted = body.flag("logprobs", false);
    if (!wanted && body.has("top_logprobs")) {
      throw body.bad("top_logprobs", "needs logprobs to be true");
    }
    return wanted ? top : -1;
  }

  static boolean includesUsage(Fields body, boolean stream) {
    boolean usage =
        body.object("stream_options").map(o -> o.flag("include_usage", false)).orElse(false);
    if (usage && !stream) {
      throw body.bad("stream_options", "needs stream to be true");
    }
    return usage;
  }
}
