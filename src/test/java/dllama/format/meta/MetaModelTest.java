package dllama.format.meta;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.format.file.TensorRows;
import dllama.model.ModelSpec;
import dllama.model.Rope;
import dllama.model.TensorRole;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A checkpoint in two parts that PyTorch wrote, and what can be wrong with it.
class MetaModelTest {
  private static final String PARAMS = "params.json";

  @TempDir Path folder;

  @BeforeEach
  void copy() throws IOException, URISyntaxException {
    Path from = Path.of(MetaModelTest.class.getResource("/convert/meta").toURI());
    for (String name : List.of(PARAMS, "consolidated.00.pth", "consolidated.01.pth")) {
      Files.copy(from.resolve(name), folder.resolve(name));
    }
  }

  private void params(String from, String to) throws IOException {
    Path path = folder.resolve(PARAMS);
    String text = Files.readString(path);
    assertTrue(text.contains(from), text);
    Files.writeString(path, text.replace(from, to));
  }

  private ModelSpec spec() {
    try (MetaModel model = MetaModel.open(folder)) {
      return model.spec();
    }
  }

  private String refusal() {
    String message = assertThrows(UserException.class, this::spec).getMessage();
    assertEquals(1, message.lines().count(), message);
    return message;
  }

  @Test
  void shouldPutPartsTogether() throws IOException {
    assertTrue(MetaModel.isIn(folder));
    try (MetaModel model = MetaModel.open(folder)) {
      ModelSpec spec = model.spec();
      assertEquals(288, spec.vocabSize());
      assertEquals(96, spec.ffnDim());
      assertEquals(2, spec.kvHeads());
      assertEquals(128, spec.contextLength());
      assertEquals(Rope.unscaled(10_000), spec.rope());
      assertEquals(3, model.paths().size());
      for (TensorRole.Name name : TensorRole.ofModel(spec)) {
        TensorRows rows = model.rows(name);
        assertEquals(name.role().rows().size(spec), rows.rows(), name.text());
        assertEquals(name.role().cols().size(spec), rows.cols(), name.text());
        assertEquals(name.role() == TensorRole.WO, rows.beside() && name.role() == TensorRole.WO);
        float[] values = new float[(int) rows.cols()];
        rows.values(rows.rows() - 1, 1, values);
        assertTrue(Math.abs(values[0]) < 10);
        assertThrows(IndexOutOfBoundsException.class, () -> rows.values(rows.rows(), 1, values));
      }
      assertTrue(model.rows(new TensorRole.Name(TensorRole.EMBEDDING)).beside());
      assertFalse(model.rows(new TensorRole.Name(TensorRole.WQ)).beside());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'\"max_seq_len\": 128', '\"rope_theta\": 500000.0', 8192",
    "'\"max_seq_len\": 128', '\"rope_theta\": 1000000', 16384",
    "'\"max_seq_len\": 128', '\"rope_theta\": 500000, \"use_scaled_rope\": true', 131072",
    "'\"max_seq_len\": 128', '\"max_batch_size\": 1', 4096",
    "'1e-05, \"vocab_size\": 288, \"max_seq_len\": 128', '1e-06, \"vocab_size\": -1', 2048",
  })
  void shouldKnowTheContextOfMetasModels(String from, String to, int expected) throws IOException {
    params(from, to);
    assertEquals(expected, spec().contextLength());
  }

  @Test
  void shouldScaleFrequenciesAsMetasCodeDoes() throws IOException {
    params("\"max_seq_len\": 128", "\"rope_theta\": 500000, \"use_scaled_rope\": true");
    assertEquals(Rope.llama31(500_000, 32, 1, 4, 8192), spec().rope()); // small: Llama 3.2
  }

  @ParameterizedTest
  @CsvSource({
    "'\"dim\": 64', '\"dim\": 63', dim 63 and n_heads 4",
    "'\"dim\": 64', '\"dim\": 32', there are 576",
    "'\"dim\": 64', '\"dim\": \"64\"', no whole number dim",
    "'\"dim\": 64', '\"dime\": 64', has dime",
    "'\"n_layers\": 1', '\"n_layers\": 2', layers.1.attention_norm.weight is missing",
    "'\"n_layers\": 1', '\"n_layers\": 2000000000', layers=2000000000",
    "'\"n_kv_heads\": 2', '\"n_kv_heads\": 4', where 64 × 64",
    "'\"vocab_size\": 288', '\"vocab_size\": 100', there are 288",
    "'\"n_heads\"', '\"quantization_args\": {}, \"n_heads\"', has quantization_args",
    "'{\"dim\"', '{\"dim', is no JSON",
    "'{\"dim\": 64', '[64', is no JSON",
  })
  void shouldRefuse(String from, String to, String what) throws IOException {
    params(from, to);
    String message = refusal();
    assertTrue(message.contains(what), message);
  }

  @Test
  void shouldRefuseAFileThatIsNoObject() throws IOException {
    Files.writeString(folder.resolve(PARAMS), "[1]");
    assertTrue(refusal().contains("no JSON object"));
    Files.delete(folder.resolve(PARAMS));
    assertFalse(MetaModel.isIn(folder));
    assertTrue(refusal().contains("does not exist"));
  }

  @Test
  void shouldMissAPart() throws IOException {
    Files.delete(folder.resolve("consolidated.01.pth"));
    assertTrue(refusal().contains("has vocab_size 288, but there are 144"));
  }

  @Test
  void shouldRefuseTensorsThatItDoesNotKnow() throws IOException {
    byte[] pickle =
        new PickleCode()
            .op('}')
            .text("tok_embeddings.weight")
            .tensor("FloatStorage", "0", 64, 0, new int[] {1, 64}, new int[] {64, 1})
            .op('s')
            .end();
    Files.delete(folder.resolve("consolidated.01.pth"));
    Files.write(
        folder.resolve("consolidated.00.pth"),
        new ZipBytes().add("x/data.pkl", pickle).add("x/data/0", new byte[256]).end());
    params("\"vocab_size\": 288", "\"vocab_size\": 1");
    assertTrue(refusal().contains("layers.0.feed_forward.w1.weight is missing in part 0"));
  }
}
