package dllama.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.format.file.ModelFile;
import dllama.model.ModelSpec;
import dllama.tensor.DType;
import dllama.tokenizer.ChatTemplate;
import dllama.tokenizer.TokenStream;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BuiltInModelTest {
  private final ModelSpec spec = BuiltInModel.model(ModelFile.Hints.NONE).spec();
  private final Vocabulary vocabulary = BuiltInModel.vocabulary();

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void shouldDivideOverNodes(int nodes) {
    assertEquals(0, spec.kvHeads() % nodes);
    assertEquals(0, spec.qDim() % (nodes * DType.Q4_0.blockSize()));
    assertEquals(0, spec.ffnDim() % (nodes * DType.Q4_0.blockSize()));
    assertEquals(0, spec.vocabSize() % nodes);
  }

  @Test
  void shouldKnowItsTokensAndItsTemplate() {
    assertEquals(spec.vocabSize(), vocabulary.size());
    assertEquals(ChatTemplate.CHATML, ChatTemplate.of(vocabulary));
    assertEquals("<|im_end|>", vocabulary.text(vocabulary.eosIds().getFirst()));
  }

  @Test
  void shouldSpellAnyText() {
    String text = "What is a shard? 12 + 7 = 19; naïve – 電脳 🦙\n--seed-node 192.168.1.10:9990";
    int[] ids = Tokenizer.of(vocabulary).encode(text, true, true);
    TokenStream stream = new TokenStream(vocabulary);
    assertEquals(text, Arrays.stream(ids).mapToObj(stream::next).collect(Collectors.joining()));
  }

  @Test
  void shouldNotBeCalledAFile() {
    var wrong = new ModelFile.Hints(Optional.empty(), Optional.of(DType.F32));
    String message =
        assertThrows(UserException.class, () -> BuiltInModel.model(wrong)).getMessage();
    assertTrue(message.startsWith("the built-in model: it has Q4_0 weights, not F32; "), message);
  }

  @Test
  void shouldBeSmall() throws IOException {
    try (var model = BuiltInModel.class.getResourceAsStream("/dllama/demo/demo.m")) {
      assertNotNull(model);
      assertTrue(model.readAllBytes().length < 6 << 20);
    }
  }
}
