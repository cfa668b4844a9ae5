package dllama.tokenizer;

import dllama.error.UserException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// How a model wants a conversation to be written. The texts are distributed-llama's, except that
/// CHATML opens the answer once, at the end, and not after every message.
public enum ChatTemplate {
  LLAMA2("llama2", "[INST]") {
    @Override
    void write(List<Message> messages, String eos, PromptText to) {
      for (int i = 0; i < messages.size(); i++) {
        Message message = messages.get(i);
        switch (message.role()) {
          case USER -> to.template("[INST] ").said(message).template(" [/INST]" + eos);
          case ASSISTANT -> to.said(message).template(eos);
          case SYSTEM -> {
            if (i > 0 || messages.size() < 2 || messages.get(1).role() != Role.USER) {
              continue; // only known in front of a user's message
            }
            to.template("[INST] <<SYS>>\n").said(message).template("\n<</SYS>>\n\n");
            to.said(messages.get(++i)).template(" [/INST]" + eos);
          }
        }
      }
    }
  },

  LLAMA3("llama3", "<|start_header_id|>") {
    @Override
    void write(List<Message> messages, String eos, PromptText to) {
      for (Message message : messages) {
        to.template(header(message.role())).said(message).template(eos);
      }
    }

    @Override
    String opening() {
      return header(Role.ASSISTANT);
    }

    private static String header(Role role) {
      return "<|start_header_id|>" + role.code() + "<|end_header_id|>\n\n";
    }
  },

  DEEPSEEK3("deepSeek3", "<｜Assistant｜>") {
    @Override
    void write(List<Message> messages, String eos, PromptText to) {
      for (Message message : messages) {
        switch (message.role()) {
          case SYSTEM -> {}
          case USER -> to.template("<｜User｜>");
          case ASSISTANT -> to.template(message.tokens() == null ? "<｜Assistant｜>" : opening());
        }
        to.said(message);
      }
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
    void write(List<Message> messages, String eos, PromptText to) {
      for (Message message : messages) {
        to.template("<|im_start|>" + message.role().code() + "\n");
        to.said(message).template("<|im_end|>\n");
      }
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
  ///
  /// @param tokens of an answer, those that the model gave; to encode its text anew could give
  ///     others, which the model has not seen and would have to be fed. Null for what others said
  public record Message(Role role, String text, int @Nullable [] tokens) {
    public Message(Role role, String text) {
      this(role, text, null);
    }

    /// What the model said after [#opening].
    public static Message answer(String text, int[] tokens) {
      return new Message(Role.ASSISTANT, text, tokens);
    }
  }

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

  /// Whether [#detect] finds one.
  public static boolean knows(String jinja) {
    return Arrays.stream(values()).anyMatch(template -> jinja.contains(template.mark));
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
                    "chat template '%s' is not known; known are %s, or give a file (FILE.jinja)"
                        .formatted(name, codes())));
  }

  private static String codes() {
    return Arrays.stream(values()).map(ChatTemplate::code).collect(Collectors.joining(", "));
  }

  /// The name for the user.
  public String code() {
    return code;
  }

  /// The text that ends a message: of the vocabulary's end tokens the one that its own template
  /// names, otherwise the first; empty where there is none.
  public static String messageEnd(Tokenizer.Vocabulary vocabulary) {
    String jinja = String.valueOf(vocabulary.chatTemplate());
    List<String> ends =
        vocabulary.eosIds().stream().map(vocabulary::text).filter(end -> !end.isEmpty()).toList();
    return ends.stream()
        .filter(jinja::contains)
        .findFirst()
        .orElse(ends.isEmpty() ? "" : ends.getFirst());
  }

  /// The text of a whole conversation, up to where the assistant has to answer.
  ///
  /// @param eos what ends a message, see [#messageEnd]
  public PromptText prompt(List<Message> messages, String eos) {
    return messages(messages, eos).template(opening());
  }

  /// The text of messages alone.
  public PromptText messages(List<Message> messages, String eos) {
    PromptText text = new PromptText();
    write(messages, eos, text);
    return text;
  }

  abstract void write(List<Message> messages, String eos, PromptText to);

  /// What the answer begins with, as far as the prompt gives it.
  String opening() {
    return "";
  }

  /// The part of the prompt's end that belongs to the answer and is shown to the user.
  public String visibleOpening() {
    return "";
  }
}
