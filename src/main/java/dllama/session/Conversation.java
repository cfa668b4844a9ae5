package dllama.session;

import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.ChatTemplate.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A conversation as programs give it: maps as chat templates read them, with `role`, `content` (a
/// text, parts or null), `tool_calls` and so on.
///
/// @param tools that the model may call, as templates read them; may be empty
/// @param variables whatever else the template may read, such as `enable_thinking`
/// @param begun what the assistant has said already of the answer that is asked for; may be empty
public record Conversation(
    List<Map<String, @Nullable Object>> messages,
    List<?> tools,
    Map<String, ? extends @Nullable Object> variables,
    String begun) {

  /// As our own templates know it: who said which text.
  List<Message> plain() {
    List<Message> plain = new ArrayList<>();
    for (Map<String, @Nullable Object> message : messages) {
      plain.add(new Message(role(message.get("role")), text(message.get("content"))));
    }
    return plain;
  }

  private static Role role(@Nullable Object name) {
    return switch (String.valueOf(name)) {
      case "system", "developer" -> Role.SYSTEM;
      case "assistant" -> Role.ASSISTANT;
      default -> Role.USER;
    };
  }

  private static String text(@Nullable Object content) {
    if (content instanceof List<?> parts) {
      StringBuilder text = new StringBuilder();
      for (Object part : parts) {
        if (part instanceof Map<?, ?> map && map.get("text") instanceof String piece) {
          text.append(piece);
        }
      }
      return text.toString();
    }
    return content == null ? "" : content.toString();
  }
}
