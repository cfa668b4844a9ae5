package dllama.format.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.engine.Specs;
import dllama.error.UserException;
import dllama.format.SynthModel;
import dllama.format.SynthVocabulary;
import dllama.format.file.ModelFile.Hints;
import dllama.model.Architecture;
import dllama.model.LayerAttention;
import dllama.model.ModelSpec;
import dllama.tensor.DType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Files of models whose layers differ, as Gemma 4's do.
class GgufLayersTest {
  private static final long SEED = 3;

  @TempDir private Path folder;

  /// With as many tokens as a vocabulary needs.
  private static ModelSpec spec(Architecture architecture) {
    ModelSpec small = Specs.small(DType.F16, architecture);
    return new ModelSpec(
        architecture,
        small.types(),
        small.dim(),
        small.ffnDim(),
        small.experts(),
        small.activeExperts(),
        small.layers(),
        small.heads(),
        small.kvHeads(),
        small.headDim(),
        512,
        small.contextLength(),
        small.rmsEpsilon(),
        small.activation(),
        small.rope(),
        small.sliding(),
        small.scales(),
        small.mixture(),
        small.layering(),
        small.deltaNet());
  }

  private Path write(Architecture architecture) {
    Path path = folder.resolve("model.gguf");
    ModelSpec spec = spec(architecture);
    SynthModel.writeGguf(
        path, spec, SynthVocabulary.of(spec.vocabSize()), SEED, (bytes, total) -> {});
    return path;
  }

  static Stream<Arguments> architectures() {
    return Stream.of(Architecture.GEMMA4, Architecture.GEMMA4_MOE)
        .map(architecture -> Arguments.of(architecture.name(), architecture));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("architectures")
  void shouldTellWhatLayersAreLike(String name, Architecture architecture) {
    ModelSpec written = spec(architecture);
    try (GgufModel model = GgufModel.open(write(architecture), Hints.NONE)) {
      ModelSpec read = model.spec();
      assertEquals(written.with(read.types(), read.rope()), read);
      assertEquals(written.rope(), read.rope());
      LayerAttention last = read.attention(3);
      assertEquals(architecture.equals(Architecture.GEMMA4) ? 1 : 3, last.source());
      assertEquals(32, last.headDim());
      assertEquals(64, read.attention(2).headDim());
      assertEquals(8, read.attention(2).kvHeads());
    }
  }

  /// A value of a key of the model's own; `at` is its place in an array.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "attention.shared_kv_layers | -1 | 04000000 | layers=4 of which 4 have no keys leave none",
        "attention.shared_kv_layers | -1 | 03000000 | layers=4 of which 3 have no keys leave none",
        "attention.shared_kv_layers | -1 | ffffffff | gemma4.attention.shared_kv_layers is 4294967295",
        "attention.key_length_swa | -1 | 3f000000 | key_length_swa is 63 beside values of 64",
        "rope.dimension_count_swa | -1 | 20000000 | beside values of 64, of which 32 turn",
        "attention.head_count_kv | 2 | 04000000 | head_count_kv is not the same in all layers that slide",
        "attention.head_count_kv | 3 | 08000000 | head_count_kv is not the same in all layers that see",
        "feed_forward_length | 3 | 00000000 | ffnDim of a layer=0 is not possible",
        "feed_forward_length | 0 | 40000000 | tensor blk.0.ffn_gate.weight is 64 × 512 where 64 × 64",
        "embedding_length_per_layer_input | -1 | 00000000 | tensor per_layer_token_embd.weight is not known",
        "embedding_length_per_layer_input | -1 | 10000000 | tensor per_layer_token_embd.weight is 128 × 512 where 64 × 512 is needed",
        "embedding_length_per_layer_input | -1 | ffffff00 | inputs of a layer=16777215 is not possible",
        "final_logit_softcapping | -1 | 000080bf | logits capped at -1.0 are not possible",
      })
  void shouldRefuseValuesThatCanNotBe(String key, int at, String value, String words)
      throws IOException {
    Path path = write(Architecture.GEMMA4);
    byte[] content = Files.readAllBytes(path);
    byte[] name = ("gemma4." + key).getBytes(StandardCharsets.UTF_8);
    int place = new String(content, StandardCharsets.ISO_8859_1).indexOf("gemma4." + key);
    int values = place + name.length + Integer.BYTES;
    int byteAt = at < 0 ? values : values + Integer.BYTES + Long.BYTES + at * Integer.BYTES;
    byte[] replaced = HexFormat.of().parseHex(value);
    System.arraycopy(replaced, 0, content, byteAt, replaced.length);
    Files.write(path, content);
    String message =
        assertThrows(UserException.class, () -> GgufModel.open(path, Hints.NONE)).getMessage();
    assertTrue(message.lines().count() == 1 && message.contains("; "), message);
    assertTrue(message.contains(words), message);
  }
}
