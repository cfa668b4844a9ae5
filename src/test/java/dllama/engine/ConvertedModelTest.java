package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dllama.Conformance;
import dllama.convert.Converter;
import dllama.format.ModelFiles;
import dllama.format.TokenizerFiles;
import dllama.format.file.ModelFile;
import dllama.model.ModelSource;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import dllama.tokenizer.Tokenizer;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What was converted without rounding computes as its source does.
class ConvertedModelTest {
  private static final int[] TOKENS = {1, 61, 70, 87, 30, 12, 44, 90, 5};

  private final WorkerPool pool = new WorkerPool(1);

  @TempDir Path folder;

  private float[][] logits(Path path) {
    return logits(path, ModelFile.Hints.NONE);
  }

  private float[][] logits(Path path, ModelFile.Hints hints) {
    try (ModelFile file = ModelFiles.open(path, hints)) {
      ModelSource source = file.source();
      try (LocalForwardPass model =
          new LocalForwardPass(
              source,
              new ShardPlan(source.spec(), DType.F32, 1),
              new EngineSettings(DType.F32, 64, 8),
              Kernels.choose(true),
              pool)) {
        return Goldens.logits(model, TOKENS);
      }
    }
  }

  private Path convert(Path in, String out, DType type) throws InterruptedException {
    Path to = folder.resolve(out);
    Converter.run(
        new Converter.Wanted(in, to, folder.resolve("out.t"), Optional.empty(), type),
        new Converter.Listener() {
          @Override
          public void note(String line) {}

          @Override
          public void written(long bytes, long total) {}
        });
    return to;
  }

  /// Those with `rope_freqs` have them rounded to floats in the one file, and made anew in the
  /// other.
  @ParameterizedTest
  @CsvSource({
    "llama_f32, .m, F32, 0",
    "llama_f32, .gguf, F32, 0",
    "llama_f16, .m, F16, 0",
    "llama31_f16, .m, F16, 1e-4",
    "llama31_f16, .gguf, F16, 0",
    "qwen2_f16, .m, F16, 0",
    "qwen2_f16, .gguf, F16, 0",
    "qwen3_f16, .m, F16, 0",
    "qwen3_f16, .gguf, F16, 0",
    "qwen3moe_f16, .m, F16, 0",
    "qwen3moe_f16, .gguf, F16, 0",
    "mixtral_f16, .gguf, F16, 0",
  })
  void shouldComputeAsTheSourceDoes(String name, String out, String type, float tolerance)
      throws InterruptedException {
    assumeTrue(Conformance.has("gguf/" + name, "model.gguf"), name);
    Path gguf = Conformance.file("gguf/" + name, "model.gguf");
    float[][] expected = logits(gguf);
    Path converted = convert(gguf, "converted" + out, DType.named(type));
    float[][] actual = logits(converted);
    for (int row = 0; row < expected.length; row++) {
      assertArrayEquals(expected[row], actual[row], tolerance, "row " + row);
    }
    if (out.equals(".gguf")) {
      String text = "Hello, what is 17 + 4?\n<s>";
      assertArrayEquals(
          Tokenizer.of(TokenizerFiles.read(gguf)).encodePrompt(text),
          Tokenizer.of(TokenizerFiles.read(converted)).encodePrompt(text));
    } else {
      assertEquals(
          TokenizerFiles.read(gguf).size(), TokenizerFiles.read(folder.resolve("out.t")).size());
    }
  }

  /// From PyTorch to both formats; each of both to the other, with the tokenizer.
  @Test
  void shouldComputeTheSameFromEveryFormat() throws InterruptedException, URISyntaxException {
    Path meta = Path.of(ConvertedModelTest.class.getResource("/convert/meta").toURI());
    Path m = convert(meta, "meta.m", DType.F32);
    Path tokenizer = folder.resolve("out.t");
    Path gguf = convert(meta, "meta.gguf", DType.F32);
    float[][] expected = logits(m);
    assertArrayEquals(expected, logits(gguf));
    assertArrayEquals(expected, logits(convert(gguf, "again.m", DType.F32)));
    String text = "the model runs at home";
    int[] ids = Tokenizer.of(TokenizerFiles.read(tokenizer)).encodePrompt(text);
    assertArrayEquals(ids, Tokenizer.of(TokenizerFiles.read(gguf)).encodePrompt(text));
    Path hf = Path.of(ConvertedModelTest.class.getResource("/convert/hf").toURI());
    float[][] folder = logits(hf, new ModelFile.Hints(Optional.empty(), Optional.of(DType.Q8_0)));
    assertArrayEquals(folder, logits(convert(hf, "hf.m", DType.Q8_0)));
  }

  @Test
  void shouldTakeTheTokenizerOfATFile() throws Exception {
    Path meta = Path.of(ConvertedModelTest.class.getResource("/convert/meta").toURI());
    Path m = convert(meta, "meta.m", DType.F32);
    Path gguf = folder.resolve("with.gguf");
    Converter.run(
        new Converter.Wanted(
            m, gguf, folder.resolve("no.t"), Optional.of(folder.resolve("out.t")), DType.Q8_0),
        new Converter.Listener() {
          @Override
          public void note(String line) {}

          @Override
          public void written(long bytes, long total) {}
        });
    assertEquals(288, TokenizerFiles.read(gguf).size());
    assertEquals(false, Files.exists(folder.resolve("no.t")));
  }
}
