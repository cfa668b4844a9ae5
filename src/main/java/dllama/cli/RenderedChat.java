package dllama.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import dllama.error.UserException;
import dllama.error.VisibleText;
import dllama.files.RegularFile;
import dllama.session.JinjaPrompts;
import dllama.settings.Output;
import dllama.settings.Settings;
import dllama.template.ChatPrompt;
import dllama.template.PromptPart;
import dllama.template.Template;
import dllama.template.TemplateException;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Shows what a model sees of a conversation: the text that its chat template makes of it, and the
/// tokens of that, where there is a tokenizer.
final class RenderedChat {
  private RenderedChat() {}

  static void run(Settings settings, Path messages, PrintStream out) {
    boolean tokenizer =
        settings.model().tokenizer().isPresent() || settings.model().model().isPresent();
    Optional<Path> file = settings.tokenize().template();
    if (!tokenizer && file.isEmpty()) {
      throw new UserException("no chat template: give --template FILE, --tokenizer or --model");
    }
    Optional<Vocabulary> vocabulary =
        tokenizer ? Optional.of(Tokenize.vocabulary(settings.model())) : Optional.empty();
    Template template =
        file.map(JinjaPrompts::read).orElseGet(() -> JinjaPrompts.of(vocabulary.orElseThrow()));
    List<PromptPart> parts =
        rendered(
            template, vocabulary.map(JinjaPrompts::variables).orElse(Map.of()), input(messages));
    print(settings, parts, vocabulary, out);
  }

  private static Map<String, @Nullable Object> input(Path messages) {
    try {
      return Json.object(RegularFile.text(messages, "--messages"));
    } catch (JsonProcessingException e) {
      throw new UserException(
          "--messages %s is not a JSON object: %s".formatted(messages, e.getOriginalMessage()), e);
    }
  }

  private static List<PromptPart> rendered(
      Template template, Map<String, String> variables, Map<String, @Nullable Object> input) {
    try {
      return new ChatPrompt(template, variables, _ -> null, Clock.system(ZoneId.systemDefault()))
          .exact(input);
    } catch (TemplateException e) {
      throw JinjaPrompts.refused(e);
    }
  }

  private static void print(
      Settings settings, List<PromptPart> parts, Optional<Vocabulary> vocabulary, PrintStream out) {
    String text = parts.stream().map(PromptPart::text).collect(Collectors.joining());
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("prompt", text);
    vocabulary.ifPresent(
        given -> result.put("ids", JinjaPrompts.encode(Tokenizer.of(given), parts)));
    if (settings.output() == Output.JSON) {
      Json.print(result, out);
      return;
    }
    out.println(VisibleText.of(text));
    if (result.get("ids") instanceof int[] ids) {
      out.println(Arrays.toString(ids));
    }
  }
}
