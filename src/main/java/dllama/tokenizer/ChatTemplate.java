package dllama.tokenizer;

import dllama.error.UserException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/// How a model wants a conversation to be written. The texts are distributed-llama's, except that
/// CHATML opens the answer once, at the end, and not after every message.
public enum ChatTemplate {
  LLAMA2("llama2", "[INST]") {
    @Override
    String messages(List<Message> messages, String eos) {
      StringBuilder prompt = new StringBuilder();
      List<Message> rest = messages;
      if (rest.size() >= 2
          && rest.get(0).role() == Role.SYSTEM
          && rest.get(1).role() == Role.USER) {
        prompt.append(
            "[INST] <<SYS>>\n%s\n<</SYS>>\n\n%s [/INST]%s"
                .formatted(rest.get(0).text(), rest.get(1).text(), eos));
        rest = rest.subList(2, rest.size());
      }
      for (Message message : rest) {
        switch (message.role()) {
          case USER -> prompt.append("[INST] ").append(message.text()).append(" [/INST]");
          case ASSISTANT -> prompt.append(message.text());
          case SYSTEM -> {
            continue; // only known in front of a user's message
          }
        }
        prompt.append(eos);
      }
      return prompt.toString();
    }
  },

  LLAMA3("llama3", "<|start_header_id|>") {
    @Override
    String messages(List<Message> messages, String eos) {
      return each(messages, m -> header(m.role().code()) + m.text() + eos);
    }

    @Override
    String opening() {
      return header(Role.ASSISTANT.code());
    }

    private static String header(String role) {
      return "<|start_header_id|>" + role + "<|end_header_id|>\n\n";
    }
  },

  DEEPSEEK3("deepSeek3", "<｜Assistant｜>") {
    @Override
    String messages(List<Message> messages, String eos) {
      return each(
          messages,
          m ->
              switch (m.role()) {
                case SYSTEM -> m.text();
                case USER -> "<｜User｜>" + m.text();
                case ASSISTANT -> "<｜Assistant｜>" + m.text();
              });
    }

    @Override
    String opening() {
      return "<｜Assistant｜>" + visibleOpening();
    }

    @Override
    public String visibleOpening() {
      return "<think>\n";
    }
  },

  CHATML("chatml", "<|im_start|>") {
    @Override
    String messages(List<Message> messages, String eos) {
      return each(
          messages, m -> "<|im_start|>" + m.role().code() + "\n" + m.text() + "<|im_end|>\n");
    }

    @Override
    String opening() {
      return "<|im_start|>assistant\n";
    }
  };

  /// Who says something.
  public enum Role {
    SYSTEM,
    USER,
    ASSISTANT;

    /// The name in templates and in the HTTP API.
    public String code() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// A contribution to a conversation.
  public record Message(Role role, String text) {}

  private final String code;
  private final String mark;

  ChatTemplate(String code, String mark) {
    this.code = code;
    this.mark = mark;
  }

  /// The template that a Jinja text describes, by a mark that it contains.
  ///
  /// @throws UserException if it is none of the known ones
  public static ChatTemplate detect(String jinja) {
    return Arrays.stream(values())
        .filter(template -> jinja.contains(template.mark))
        .findFirst()
        .orElseThrow(
            () ->
                new UserException(
                    "the model's chat template is not known; choose one of %s with --chat-template"
                        .formatted(codes())));
  }

  /// The template of a vocabulary.
  ///
  /// @throws UserException if it has none, or an unknown one
  public static ChatTemplate of(Tokenizer.Vocabulary vocabulary) {
    String jinja = vocabulary.chatTemplate();
    if (jinja == null) {
      throw new UserException(
          "the tokenizer has no chat template; choose one of %s with --chat-template"
              .formatted(codes()));
    }
    return detect(jinja);
  }

  /// The template with a name as [#code] gives it; capitals do not matter.
  ///
  /// @throws UserException for another name
  public static ChatTemplate byName(String name) {
    return Arrays.stream(values())
        .filter(template -> template.code.equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () ->
                new UserException(
                    "chat template '%s' is not known; known are %s".formatted(name, codes())));
  }

  private static String codes() {
    return Arrays.stream(values()).map(ChatTemplate::code).collect(Collectors.joining(", "));
  }

  /// The name for the user.
  public String code() {
    return code;
  }

  /// The text of messages, up to where the assistant has to answer. In a conversation the first
  /// prompt holds the system's and the user's message, each later one only what is new: what was
  /// said before is in the key/value cache.
  ///
  /// @param eos the text of the vocabulary's first end token, which ends a message
  public String prompt(List<Message> messages, String eos) {
    return messages(messages, eos) + opening();
  }

  /// The text of messages alone.
  abstract String messages(List<Message> messages, String eos);

  /// What the answer begins with, as far as the prompt gives it.
  String opening() {
    return "";
  }

  /// The part of the prompt's end that belongs to the answer and is shown to the user.
  public String visibleOpening() {
    return "";
  }

  private static String each(List<Message> messages, Function<Message, String> text) {
    return messages.stream().map(text).collect(Collectors.joining());
  }
}
