package dllama.session;

import dllama.template.ChatPrompt;
import dllama.template.PromptPart;
import dllama.template.Template;
import dllama.template.TemplateException;
import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.PromptText;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Writes conversations with a Jinja template. All of it is rendered for each question; what the
/// cache has of it need not be fed again.
///
/// So that answers keep the tokens that the model gave, they are rendered as marks, which are then
/// replaced. Where a template changes answers, and would write the marks somewhere else, their text
/// is what counts.
final class JinjaFormat implements ChatFormat {
  /// Stands around the number of an answer. For private use, as the next one, so in no text.
  private static final char MARK = '\uE0F0';

  /// Stands for what answers begin with.
  private static final char OPENING = '\uE0F1';

  private static final String THINK = "<think>";

  private final ChatPrompt prompt;
  private final String opening;

  JinjaFormat(Template template, Vocabulary vocabulary, Clock clock) {
    prompt = new ChatPrompt(template, JinjaPrompts.variables(vocabulary), _ -> null, clock);
    opening = findOpening();
  }

  @Override
  public String opening() {
    return opening;
  }

  private String findOpening() {
    try {
      return opening(text(rendered(List.of(Map.of("role", "user", "content", "?")))));
    } catch (TemplateException e) {
      return ""; // it wants more than a question
    }
  }

  /// Some templates begin the answer with a thought, which belongs to what the user sees.
  private static String opening(String prompt) {
    int think = prompt.lastIndexOf(THINK);
    boolean open = think >= 0 && prompt.substring(think + THINK.length()).isBlank();
    return open ? prompt.substring(think) : "";
  }

  @Override
  public Rendered prompt(Conversation conversation) {
    Map<String, @Nullable Object> input = new LinkedHashMap<>(conversation.variables());
    input.put("messages", conversation.messages());
    input.put("add_generation_prompt", true);
    input.put("tools", conversation.tools().isEmpty() ? null : conversation.tools());
    try {
      List<PromptPart> parts = prompt.render(input);
      PromptText text = new PromptText();
      parts.forEach(part -> JinjaPrompts.add(text, part.text(), part.said()));
      return new Rendered(text, opening(text(parts)));
    } catch (TemplateException e) {
      throw JinjaPrompts.refused(e);
    }
  }

  @Override
  public PromptText prompt(List<Message> messages) {
    try {
      List<PromptPart> plain = rendered(maps(messages, false));
      List<PromptPart> marked = marked(messages);
      String all = text(marked).replace(String.valueOf(OPENING), opening);
      for (int i = 0; i < messages.size(); i++) {
        all = all.replace(mark(i), messages.get(i).text());
      }
      boolean same = all.equals(text(plain));
      return assembled(same ? marked : plain, messages);
    } catch (TemplateException e) {
      throw JinjaPrompts.refused(e);
    }
  }

  private List<PromptPart> marked(List<Message> messages) {
    try {
      return rendered(maps(messages, true));
    } catch (TemplateException e) {
      return List.of();
    }
  }

  private static String mark(int message) {
    return MARK + Integer.toString(message) + MARK;
  }

  private List<Object> maps(List<Message> messages, boolean marks) {
    List<Object> maps = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      Message message = messages.get(i);
      boolean answer = message.tokens() != null && !message.text().isEmpty();
      String content =
          !answer
              ? message.text()
              : marks ? (opening.isEmpty() ? "" : OPENING) + mark(i) : opening + message.text();
      maps.add(Map.of("role", message.role().code(), "content", content));
    }
    return maps;
  }

  private List<PromptPart> rendered(List<?> messages) {
    Map<String, @Nullable Object> input = new LinkedHashMap<>();
    input.put("messages", messages);
    input.put("add_generation_prompt", true);
    input.put("tools", null);
    return prompt.render(input);
  }

  private static String text(List<PromptPart> parts) {
    return parts.stream().map(PromptPart::text).collect(Collectors.joining());
  }

  /// With answers in place of marks.
  private PromptText assembled(List<PromptPart> parts, List<Message> messages) {
    PromptText text = new PromptText();
    for (PromptPart part : parts) {
      String left = part.text();
      for (int begin = left.indexOf(MARK); begin >= 0; begin = left.indexOf(MARK)) {
        int end = left.indexOf(MARK, begin + 1);
        add(text, left.substring(0, begin), part.said());
        text.said(messages.get(Integer.parseInt(left.substring(begin + 1, end))));
        left = left.substring(end + 1);
      }
      add(text, left, part.said());
    }
    return text;
  }

  private void add(PromptText text, String part, boolean said) {
    JinjaPrompts.add(text, part.replace(String.valueOf(OPENING), opening), said);
  }
}
