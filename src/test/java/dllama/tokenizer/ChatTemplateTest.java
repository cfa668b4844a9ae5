package dllama.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.error.UserException;
import dllama.format.dllama.TokenizerFile;
import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.ChatTemplate.Role;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class ChatTemplateTest {
  @Test
  void shouldRenderAsDistributedLlama() {
    int differing = 0;
    for (JsonNode item : Conformance.golden("chat_templates").get("cases")) {
      if (item.has("error")) {
        continue;
      }
      ChatTemplate template = template(item);
      List<Message> messages = messages(item.get("items"));
      String eos = item.get("eos").asText();
      boolean answer = item.get("append_generation_prompt").asBoolean();
      String prompt =
          (answer ? template.prompt(messages, eos) : template.messages(messages, eos)).toString();
      if (template == ChatTemplate.CHATML && answer && messages.size() > 1) {
        differing++; // see the test below
        continue;
      }
      assertEquals(item.get("content").asText(), prompt);
      assertEquals(
          item.get("public_prompt").asText(""),
          answer ? template.visibleOpening() : "",
          item.toString());
    }
    assertEquals(3, differing);
  }

  @Test
  void shouldOpenTheAnswerOfChatmlOnceWhereDistributedLlamaDoesAfterEveryMessage() {
    for (JsonNode item : Conformance.golden("chat_templates").get("cases")) {
      List<Message> messages = messages(item.get("items"));
      if (item.get("template").asText().equals("chatml") && messages.size() > 1) {
        String prompt = ChatTemplate.CHATML.prompt(messages, "").toString();
        String opening = "<|im_start|>assistant\n";
        assertEquals(ChatTemplate.CHATML.messages(messages, "") + opening, prompt);
        if (item.get("append_generation_prompt").asBoolean()) {
          String wrong = "<|im_end|>\n" + opening + "<|im_start|>";
          assertTrue(item.get("content").asText().contains(wrong), "what we do not do");
        } else {
          assertEquals(item.get("content").asText() + opening, prompt);
        }
      }
    }
  }

  @Test
  void shouldGiveTheSameTokens() {
    Tokenizer tokenizer =
        Tokenizer.of(TokenizerFile.read(Conformance.file("tok_chatml", "tokenizer.t")));
    int cases = 0;
    for (JsonNode item : Conformance.golden("chat_templates").get("cases")) {
      if (item.path("tokenizer").asText().endsWith("tok_chatml")) {
        assertArrayEquals(
            Conformance.ints(item.get("ids_is_start")),
            tokenizer.encode(item.get("content").asText(), true, true));
        cases++;
      }
    }
    assertTrue(cases > 10);
  }

  @Test
  void shouldRenderTheTurnsOfAChat() {
    int turns = 0;
    for (JsonNode item : Conformance.golden("e2e_chat").get("cases")) {
      String model = item.get("model").asText();
      if (model.startsWith("qwen3")) {
        continue; // its tokenizer comes with the model
      }
      Vocabulary vocabulary = TokenizerFile.read(Conformance.file(model, "tokenizer.t"));
      Tokenizer tokenizer = Tokenizer.of(vocabulary);
      String eos = vocabulary.text(vocabulary.eosIds().getFirst());
      for (int i = 0; i < item.get("result").size(); i++) {
        JsonNode turn = item.get("result").get(i);
        List<Message> said = messages(item.get("turns").get(i).get("items"));
        PromptText prompt = ChatTemplate.of(vocabulary).prompt(said, eos);
        assertEquals(turn.get("content").asText(), prompt.toString());
        int[] expected = Conformance.ints(turn.get("prompt_tokens"));
        assertArrayEquals(expected, tokenizer.encode(prompt.toString(), i == 0, true));
        if (i == 0) {
          assertArrayEquals(expected, tokenizer.encode(prompt));
        }
        turns++;
      }
    }
    assertTrue(turns >= 5);
  }

  @Test
  void shouldRefuseUnknownTemplates() {
    UserException unknown =
        assertThrows(UserException.class, () -> ChatTemplate.detect("nothing known"));
    assertTrue(unknown.getMessage().contains("llama2, llama3, deepSeek3, chatml"));
    assertThrows(UserException.class, () -> ChatTemplate.byName("gpt"));
    Vocabulary none = TokenizerFile.read(Conformance.file("tok_header_fixed", "tokenizer.t"));
    assertThrows(UserException.class, () -> ChatTemplate.of(none));
  }

  @Test
  void shouldBeFoundByName() {
    for (ChatTemplate template : ChatTemplate.values()) {
      assertEquals(template, ChatTemplate.byName(template.code()));
      assertEquals(template, ChatTemplate.byName(template.code().toUpperCase(Locale.ROOT)));
    }
  }

  private static ChatTemplate template(JsonNode item) {
    ChatTemplate template =
        item.get("template").asText().equals("auto")
            ? ChatTemplate.detect(item.get("chat_template").asText())
            : ChatTemplate.byName(item.get("template").asText());
    assertEquals(template, ChatTemplate.byName(item.get("detected").asText()));
    return template;
  }

  private static List<Message> messages(JsonNode items) {
    List<Message> messages = new ArrayList<>();
    for (JsonNode item : items) {
      Role role = Role.valueOf(item.get("role").asText().toUpperCase(Locale.ROOT));
      messages.add(new Message(role, item.get("message").asText()));
    }
    return messages;
  }
}
