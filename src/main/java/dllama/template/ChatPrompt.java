package dllama.template;

import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Renders conversations with a model's own template. Immutable, for any thread.
///
/// Templates differ in the forms of messages that they take, and fail, or print nonsense, for the
/// others. [#exact] gives a template its input as it is; [#render] tries other forms of the same.
public final class ChatPrompt {
  private static final String PROBE = "4d1c7";

  private final Template template;
  private final Map<String, ? extends @Nullable Object> variables;
  private final Clock clock;
  private final MessageForms forms;

  /// @param variables that the template finds beside its input: `bos_token` and the like. These,
  ///     and other texts that are no part of a message or list, count as the template's own
  /// @param json reads JSON, null for what is none
  public ChatPrompt(
      Template template,
      Map<String, ? extends @Nullable Object> variables,
      Function<String, @Nullable Object> json,
      Clock clock) {
    this.template = template;
    this.variables = variables;
    this.clock = clock;
    forms = new MessageForms(json, takesParts());
  }

  /// Whether the template wants the content of messages in parts, and does not see plain text.
  private boolean takesParts() {
    return !shows(PROBE) && shows(List.of(Map.of("type", "text", "text", PROBE)));
  }

  private boolean shows(Object content) {
    Map<String, @Nullable Object> input = new LinkedHashMap<>();
    input.put("messages", List.of(Map.of("role", "user", "content", content)));
    input.put("add_generation_prompt", true);
    input.put("tools", null);
    try {
      String shown = plain(input);
      return shown.contains(PROBE) && !shown.contains("'type'");
    } catch (TemplateException e) {
      return false;
    }
  }

  private String plain(Map<String, ? extends @Nullable Object> input) {
    Map<String, @Nullable Object> all = new LinkedHashMap<>(variables);
    all.putAll(input);
    return template.render(all, Limits.DEFAULT, clock);
  }

  /// What the template makes of exactly this input.
  ///
  /// @throws TemplateException if it refuses it
  public List<PromptPart> exact(Map<String, ? extends @Nullable Object> input) {
    String output = plain(input);
    SaidMarks marks = SaidMarks.of(input, template.sought());
    if (marks == null) {
      return List.of(new PromptPart(output, false));
    }
    try {
      List<PromptPart> parts = marks.parts(plain(marks.marked(input)));
      String text = parts.stream().map(PromptPart::text).collect(Collectors.joining());
      if (text.equals(output)) {
        return parts;
      }
    } catch (TemplateException e) {
      // It looks at single characters, so it can not be told who wrote them.
    }
    return List.of(new PromptPart(output, false));
  }

  /// What the template makes of a conversation, in the first of these forms that it takes: as the
  /// most templates want it, arguments of calls as text, without variables that are null, with the
  /// system message in the first user's, and what comes of these together.
  ///
  /// @throws TemplateException with what is wrong with the first form, if it takes none
  public List<PromptPart> render(Map<String, ? extends @Nullable Object> input) {
    TemplateException first = null;
    List<Map<String, @Nullable Object>> tried = new ArrayList<>();
    List<UnaryOperator<Map<String, @Nullable Object>>> repairs = forms.repairs();
    for (int chosen : MessageForms.BY_SIZE) {
      Map<String, @Nullable Object> form = forms.usual(input);
      for (int i = 0; i < repairs.size(); i++) {
        form = (chosen & 1 << i) == 0 ? form : repairs.get(i).apply(form);
      }
      if (tried.contains(form)) {
        continue;
      }
      tried.add(form);
      try {
        return exact(form);
      } catch (TemplateException e) {
        first = first == null ? e : first;
        if (e.limit()) {
          break;
        }
      }
    }
    throw first == null ? new IllegalStateException("no form was tried") : first;
  }
}
