package dllama.session;

import dllama.error.UserException;
import dllama.files.RegularFile;
import dllama.template.PromptPart;
import dllama.template.Template;
import dllama.template.TemplateException;
import dllama.tokenizer.ChatTemplate;
import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.PromptText;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What connects Jinja templates with files, vocabularies and users.
public final class JinjaPrompts {
  private JinjaPrompts() {}

  /// The template in a file.
  ///
  /// @throws UserException if it can not be read
  public static Template read(Path path) {
    return parse(RegularFile.text(path, "chat template"), "chat template " + path);
  }

  /// The template that came with a vocabulary.
  ///
  /// @throws UserException if there is none, or it can not be read
  public static Template of(Vocabulary vocabulary) {
    String source = vocabulary.chatTemplate();
    if (source == null) {
      throw new UserException("there is no chat template; give a file with one");
    }
    return parse(source, "the model's chat template");
  }

  private static Template parse(String source, String called) {
    try {
      return Template.parse(source);
    } catch (TemplateException e) {
      throw new UserException("%s can not be read: %s".formatted(called, e.getMessage()), e);
    }
  }

  /// Why a template does not take a conversation, for the user.
  public static UserException refused(TemplateException e) {
    String why = e.raised() ? "refuses this conversation: %s" : "fails for this conversation: %s";
    return new UserException("the chat template " + why.formatted(e.getMessage()), e);
  }

  /// What templates find beside their input.
  public static Map<String, String> variables(Vocabulary vocabulary) {
    Map<String, String> variables = new LinkedHashMap<>();
    if (vocabulary.bosId() >= 0) {
      variables.put("bos_token", vocabulary.text(vocabulary.bosId()));
    }
    if (!vocabulary.eosIds().isEmpty()) {
      variables.put("eos_token", vocabulary.text(vocabulary.eosIds().getFirst()));
    }
    return variables;
  }

  /// Tokens of a rendered prompt.
  public static int[] encode(Tokenizer tokenizer, List<PromptPart> parts) {
    PromptText text = new PromptText();
    parts.forEach(part -> add(text, part.text(), part.said()));
    return encode(tokenizer, text);
  }

  /// Tokens of a prompt. Begins with BOS once, though both vocabulary and template may ask for it.
  static int[] encode(Tokenizer tokenizer, PromptText text) {
    int[] ids = tokenizer.encode(text);
    int bos = tokenizer.vocabulary().bosId();
    boolean twice = ids.length > 1 && bos >= 0 && ids[0] == bos && ids[1] == bos;
    return twice ? Arrays.copyOfRange(ids, 1, ids.length) : ids;
  }

  static void add(PromptText text, String part, boolean said) {
    if (said) {
      text.said(new Message(ChatTemplate.Role.USER, part));
    } else {
      text.template(part);
    }
  }

  /// The file that a user names as chat template, if it is not one of our own by name.
  static Optional<Path> file(String template) {
    boolean path = template.contains("/") || template.contains("\\") || template.contains(".");
    return path ? Optional.of(Path.of(template)) : Optional.empty();
  }
}
