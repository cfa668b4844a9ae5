package dllama.format.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.format.SynthModel;
import dllama.format.SynthVocabulary;
import dllama.format.dllama.DllamaFile;
import dllama.model.ModelSpec;
import dllama.model.Shapes;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// That llama.cpp loads such files and goes on from a prompt with the same tokens was tried with
/// its own program; here the files are read by the letter of the format.
class GgufWriterTest {
  private static final long SEED = 7;

  @TempDir private Path folder;

  /// A file as its description says it.
  private record Gguf(Map<String, Object> values, Map<String, Tensor> tensors) {}

  private record Tensor(List<Long> dims, int type, byte[] start) {}

  @ParameterizedTest
  @FieldSource("dllama.format.dllama.DllamaHeader#WEIGHT_TYPES")
  void shouldHoldTheBytesOfTheOtherFormat(DType type) throws IOException {
    ModelSpec spec = Shapes.spec("tiny", type);
    Gguf gguf = write(spec);
    Path other = folder.resolve("tiny.m");
    SynthModel.write(other, spec, SEED, (bytes, total) -> {});
    try (DllamaFile file = DllamaFile.open(other)) {
      var weights = file.weights();
      int last = spec.layers() - 1;
      assertSame(weights.get(TensorRole.EMBEDDING), gguf.tensors.get("token_embd.weight"));
      assertSame(weights.get(TensorRole.WQ, last), gguf.tensors.get("blk.3.attn_q.weight"));
      assertSame(weights.get(TensorRole.WO, last), gguf.tensors.get("blk.3.attn_output.weight"));
      assertSame(weights.get(TensorRole.W2, last), gguf.tensors.get("blk.3.ffn_down.weight"));
      assertSame(weights.get(TensorRole.FFN_NORM, last), gguf.tensors.get("blk.3.ffn_norm.weight"));
      assertSame(weights.get(TensorRole.FINAL_NORM), gguf.tensors.get("output_norm.weight"));
      assertSame(weights.get(TensorRole.WCLS), gguf.tensors.get("output.weight"));
    }
    assertEquals(3 + 9 * spec.layers(), gguf.tensors.size());
  }

  private static void assertSame(Matrix expected, Tensor tensor) {
    List<Long> dims =
        expected.rows() == 1 ? List.of(expected.cols()) : List.of(expected.cols(), expected.rows());
    assertEquals(dims, tensor.dims);
    assertEquals(
        switch (expected.dtype().name()) {
          case "F32" -> 0;
          case "F16" -> 1;
          case "Q4_0" -> 2;
          default -> 8;
        },
        tensor.type);
    byte[] start = expected.data().asSlice(0, tensor.start.length).toArray(ValueLayout.JAVA_BYTE);
    assertArrayEquals(start, tensor.start);
  }

  @Test
  void shouldTellWhatLlamaCppAsksFor() throws IOException {
    ModelSpec spec = Shapes.spec("tiny", DType.Q4_0);
    Map<String, Object> values = write(spec).values;
    Vocabulary vocabulary = SynthVocabulary.of(spec.vocabSize());
    assertEquals("llama", values.get("general.architecture"));
    assertEquals(spec.layers(), values.get("llama.block_count"));
    assertEquals(spec.kvHeads(), values.get("llama.attention.head_count_kv"));
    assertEquals(spec.rope().theta(), values.get("llama.rope.freq_base"));
    assertEquals(vocabulary.bosId(), values.get("tokenizer.ggml.bos_token_id"));
    assertEquals(true, values.get("tokenizer.ggml.add_bos_token"));
    List<?> tokens = (List<?>) values.get("tokenizer.ggml.tokens");
    assertEquals(spec.vocabSize(), tokens.size());
    assertEquals("Ċ", tokens.get('\n'));
    assertEquals("Ġ", tokens.get(' '));
    assertEquals("A", tokens.get('A'));
    assertEquals("<|begin_of_text|>", tokens.get(vocabulary.bosId()));
    List<?> merges = (List<?>) values.get("tokenizer.ggml.merges");
    assertTrue(merges.contains("Ġth e"), merges.toString());
    assertTrue(merges.indexOf("Ġ t") < merges.indexOf("Ġt h"));
  }

  @Test
  void shouldGiveDivisorsOfScaledFrequencies() {
    ModelSpec spec = Shapes.spec("llama3.2-1b", DType.Q4_0);
    ByteBuffer factors = GgufHeader.ropeFactors(spec);
    assertEquals(32 * Float.BYTES, factors.remaining());
    assertEquals(1, factors.getFloat(0));
    assertEquals(spec.rope().factor(), factors.getFloat(31 * Float.BYTES), 1e-3f);
  }

  @Test
  void shouldRefuseAFolder() {
    assertThrows(
        UserException.class,
        () -> {
          ModelSpec spec = Shapes.spec("tiny", DType.Q4_0);
          Vocabulary vocabulary = SynthVocabulary.of(spec.vocabSize());
          SynthModel.writeGguf(folder, spec, vocabulary, SEED, (bytes, total) -> {});
        });
  }

  private Gguf write(ModelSpec spec) throws IOException {
    Path file = folder.resolve("model.gguf");
    Vocabulary vocabulary = SynthVocabulary.of(spec.vocabSize());
    long[] last = new long[2];
    SynthModel.writeGguf(
        file,
        spec,
        vocabulary,
        SEED,
        (bytes, total) -> {
          last[0] = bytes;
          last[1] = total;
        });
    assertEquals(Files.size(file), last[1]);
    assertTrue(last[0] <= last[1]);
    return read(ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN));
  }

  private static Gguf read(ByteBuffer bytes) {
    assertEquals("GGUF", new String(take(bytes, 4), StandardCharsets.US_ASCII));
    assertEquals(3, bytes.getInt());
    long tensorCount = bytes.getLong();
    long valueCount = bytes.getLong();
    Map<String, Object> values = new HashMap<>();
    for (long i = 0; i < valueCount; i++) {
      String key = string(bytes);
      values.put(key, value(bytes, bytes.getInt()));
    }
    record Entry(String name, List<Long> dims, int type, long offset) {}
    List<Entry> entries = new ArrayList<>();
    for (long i = 0; i < tensorCount; i++) {
      String name = string(bytes);
      List<Long> dims = new ArrayList<>();
      int count = bytes.getInt();
      for (int d = 0; d < count; d++) {
        dims.add(bytes.getLong());
      }
      entries.add(new Entry(name, dims, bytes.getInt(), bytes.getLong()));
    }
    int data = (bytes.position() + 31) / 32 * 32;
    Map<String, Tensor> tensors = new HashMap<>();
    for (Entry entry : entries) {
      assertEquals(0, entry.offset % 32);
      ByteBuffer content = bytes.duplicate().position((int) (data + entry.offset));
      int length = Math.min(128, content.remaining());
      tensors.put(entry.name, new Tensor(entry.dims, entry.type, take(content, length)));
    }
    return new Gguf(values, tensors);
  }

  private static Object value(ByteBuffer bytes, int type) {
    return switch (type) {
      case 4, 5 -> bytes.getInt();
      case 6 -> bytes.getFloat();
      case 7 -> bytes.get() == 1;
      case 8 -> string(bytes);
      case 9 -> {
        int element = bytes.getInt();
        long count = bytes.getLong();
        List<Object> list = new ArrayList<>();
        for (long i = 0; i < count; i++) {
          list.add(value(bytes, element));
        }
        yield list;
      }
      default -> throw new IllegalStateException("type=" + type);
    };
  }

  private static String string(ByteBuffer bytes) {
    return new String(take(bytes, (int) bytes.getLong()), StandardCharsets.UTF_8);
  }

  private static byte[] take(ByteBuffer bytes, int length) {
    byte[] taken = new byte[length];
    bytes.get(taken);
    return taken;
  }
}
