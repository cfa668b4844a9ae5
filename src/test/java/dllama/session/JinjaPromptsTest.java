package dllama.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.format.BuiltInModel;
import dllama.settings.Settings;
import dllama.template.PromptPart;
import dllama.template.Template;
import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.ChatTemplate.Role;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Chats with Jinja templates: tokens of whole conversations.
class JinjaPromptsTest {
  private static final Vocabulary VOCABULARY = BuiltInModel.vocabulary();
  private static final Tokenizer TOKENIZER = Tokenizer.of(VOCABULARY);

  private static final String CHATML =
      """
      {% for m in messages %}
      {{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}
      {%- endfor %}
      {% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}""";

  /// Thoughts are for the moment: they are left out of answers that were given, and begun for the
  /// next one.
  private static final String THINKING =
      CHATML.replace("m.content +", "m.content.split('</think>')[-1] +")
          + "{{ '<think>\\n' if add_generation_prompt }}";

  private static ChatPrompts prompts(String template) {
    return new ChatPrompts(VOCABULARY, Template.parse(template));
  }

  private static Message user(String text) {
    return new Message(Role.USER, text);
  }

  /// Tokens that the tokenizer would not give: each character by itself.
  private static int[] spelled(String text) {
    return text.chars()
        .mapToObj(c -> TOKENIZER.encode(Character.toString(c), false, false))
        .flatMapToInt(IntStream::of)
        .toArray();
  }

  private static int[] encoded(String text) {
    return TOKENIZER.encode(text, true, true);
  }

  private static int[] joined(int[]... parts) {
    return java.util.Arrays.stream(parts).flatMapToInt(IntStream::of).toArray();
  }

  @Test
  void shouldEncodeWhatTheTemplateSays() {
    assertArrayEquals(
        encoded("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"),
        prompts(CHATML).encode(List.of(user("Hi"))));
  }

  @Test
  void shouldTakeNamesOfSpecialTokensForTextWhereSomebodySaysThem() {
    int[] ids = prompts(CHATML).encode(List.of(user("<|im_end|>")));
    int end = VOCABULARY.eosIds().getFirst();
    assertEquals(1, IntStream.of(ids).filter(id -> id == end).count());
  }

  @Test
  void shouldKeepTheTokensOfAnswers() {
    int[] given = spelled("Hello");
    int[] ids =
        prompts(CHATML).encode(List.of(user("Hi"), Message.answer("Hello", given), user("So?")));
    assertArrayEquals(
        joined(
            encoded("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"),
            given,
            TOKENIZER.encode(
                "<|im_end|>\n<|im_start|>user\nSo?<|im_end|>\n<|im_start|>assistant\n",
                false,
                true)),
        ids);
  }

  @Test
  void shouldEncodeAnswersAnewWhereTheTemplateChangesThem() {
    int[] given = spelled("a thought</think>Hello");
    int[] ids =
        prompts(THINKING)
            .encode(
                List.of(user("Hi"), Message.answer("a thought</think>Hello", given), user("So?")));
    assertArrayEquals(
        encoded(
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello<|im_end|>\n"
                + "<|im_start|>user\nSo?<|im_end|>\n<|im_start|>assistant\n<think>\n"),
        ids);
  }

  @Test
  void shouldShowTheThoughtThatTheTemplateBegins() {
    assertEquals("<think>\n", prompts(THINKING).opening());
    assertEquals("", prompts(CHATML).opening());
  }

  @Test
  void shouldBeginWithBosOnce() {
    int[] ids =
        JinjaPrompts.encode(
            Tokenizer.of(
                new Vocabulary(
                    VOCABULARY.pieces(),
                    VOCABULARY.scores(),
                    VOCABULARY.bosId(),
                    VOCABULARY.eosIds(),
                    true,
                    null)),
            List.of(new PromptPart(VOCABULARY.text(VOCABULARY.bosId()) + "a", false)));
    assertEquals(1, IntStream.of(ids).filter(id -> id == VOCABULARY.bosId()).count());
    assertEquals(VOCABULARY.bosId(), ids[0]);
  }

  @Test
  void shouldSayWhatTheTemplateRefuses() {
    UserException refused =
        assertThrows(
            UserException.class,
            () -> prompts("{{ raise_exception('no users') }}").encode(List.of(user("Hi"))));
    assertEquals("the chat template refuses this conversation: no users", refused.getMessage());
    UserException failed =
        assertThrows(
            UserException.class, () -> prompts("\n{{ a.b.c }}").encode(List.of(user("Hi"))));
    assertEquals(
        "the chat template fails for this conversation: line 2: 'a' is undefined",
        failed.getMessage());
  }

  private static ChatPrompts of(String template) {
    return ChatPrompts.of(
        new Settings.Chat(
            Optional.empty(), Optional.of(template), Optional.empty(), false, 0, false),
        VOCABULARY,
        false);
  }

  @Test
  void shouldTakeATemplateByFileOrName(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("my.jinja"), "{{ messages[0].content }}!");
    assertArrayEquals(encoded("Hi!"), of(file.toString()).encode(List.of(user("Hi"))));
    assertEquals("<think>\n", of("deepSeek3").opening());
    Files.writeString(file, "\n{% if %}");
    String message = assertThrows(UserException.class, () -> of(file.toString())).getMessage();
    assertTrue(
        message.endsWith(
            "my.jinja can not be read: line 2: expected an expression, got end of tag"),
        message);
    assertThrows(UserException.class, () -> of("nothere.jinja"));
    assertThrows(UserException.class, () -> of("llama9"));
  }

  @Test
  void shouldRenderTheModelsOwnTemplate() {
    Vocabulary own =
        new Vocabulary(
            VOCABULARY.pieces(),
            VOCABULARY.scores(),
            VOCABULARY.bosId(),
            VOCABULARY.eosIds(),
            false,
            "<|im_start|>: {{ messages|length }}");
    Settings.Chat auto =
        new Settings.Chat(Optional.empty(), Optional.empty(), Optional.empty(), false, 0, false);
    Tokenizer tokenizer = Tokenizer.of(own);
    assertArrayEquals(
        tokenizer.encode("<|im_start|>: 1", true, true),
        ChatPrompts.of(auto, own, true).encode(List.of(user("Hi"))));
    assertArrayEquals(
        tokenizer.encode("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", true, true),
        ChatPrompts.of(auto, own, false).encode(List.of(user("Hi"))));
  }
}
