package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dllama.error.UserException;
import dllama.format.SynthModel;
import dllama.format.dllama.DllamaFile;
import dllama.format.file.ModelFile;
import dllama.logits.LogitsWanted;
import dllama.logits.RunLogits;
import dllama.logits.TokenChoice;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.ModelWeights;
import dllama.model.NotFinite;
import dllama.model.Shapes;
import dllama.model.TensorRole;
import dllama.slice.ShardPlan;
import dllama.step.OneSequence;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.Matrix;
import dllama.tensor.WorkerPool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Weights that are no numbers: said, with the place, and never answered with.
@Tag("slow")
class NotFiniteTest {
  private static final int TOKEN = 7;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "WQ, 1, NaN, what the attention of layer 2 of 4 gives",
    "WV, 2, Infinity, what the attention of layer 3 of 4 gives",
    "W1, 0, NaN, what the feed-forward of layer 1 of 4 gives",
    "FFN_NORM, 3, -Infinity, what the feed-forward of layer 4 of 4 gives",
    "WO, 3, Infinity, what the attention of layer 4 of 4 gives",
    "WCLS, 0, NaN, the logit of token 100",
    "WCLS, 0, Infinity, the logit of token 100",
    "FINAL_NORM, 0, NaN, the logit of token 0",
    "EMBEDDING, 0, NaN, the embedding of token 7",
  })
  void shouldSayWhere(TensorRole role, int layer, float value, String where) {
    ModelSpec spec = Shapes.spec("tiny", DType.F32);
    var name = new TensorRole.Name(role, layer);
    try (DllamaFile file = written(spec)) {
      ModelWeights weights = with(file.weights(), name, value);
      for (int nodes : new int[] {1, 2}) {
        for (LogitsWanted wanted :
            new LogitsWanted[] {
              new LogitsWanted.All(),
              new LogitsWanted.Best(1),
              new LogitsWanted.Draw(1),
              new LogitsWanted.DrawAny(1)
            }) {
          UserException told =
              assertThrows(UserException.class, () -> run(weights, spec, nodes, wanted));
          assertEquals(
              "the model does not work: "
                  + where
                  + " is no number (NaN or infinity); its file may be damaged: copy or convert it"
                  + " again",
              told.getMessage());
        }
      }
    }
  }

  @Test
  void shouldNotNameWhatIsWell() {
    ModelSpec spec = Shapes.spec("tiny", DType.Q4_0);
    try (DllamaFile file = written(spec)) {
      run(file.weights(), spec, 2, new LogitsWanted.Best(1));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "F32, W2, 1, NaN, w2 of layer 2",
    "F16, W2, 1, NaN, w2 of layer 2",
    "F16, WQ, 0, -Infinity, wq of layer 1",
    "Q4_0, W3, 3, NaN, w3 of layer 4",
    "Q4_0, WO, 3, Infinity, wo of layer 4",
    "Q8_0, WCLS, 0, NaN, wcls",
    "Q8_0, FINAL_NORM, 0, Infinity, final_norm",
    "Q4_0, EMBEDDING, 0, NaN, embedding",
  })
  void shouldNameTheTensorBeforeAnythingIsComputed(
      DType type, TensorRole role, int layer, float value, String name) {
    try (DllamaFile file = written(Shapes.spec("tiny", type))) {
      NotFinite.check(new ModelSource.Weights(file.spec(), file.weights()));
      ModelWeights damaged = with(file.weights(), new TensorRole.Name(role, layer), value);
      ModelSource.Weights source = new ModelSource.Weights(file.spec(), damaged);
      UserException told = assertThrows(UserException.class, () -> NotFinite.check(source));
      assertEquals(
          "the model does not work: a value of "
              + name
              + " is no number (NaN or infinity); its file may be damaged: copy or convert it"
              + " again",
          told.getMessage());
    }
  }

  private DllamaFile written(ModelSpec spec) {
    Path path = folder.resolve("tiny.m");
    SynthModel.write(path, spec, 3, (bytes, total) -> {});
    return DllamaFile.open(
        path, new ModelFile.Hints(Optional.empty(), Optional.of(spec.types().matrices())));
  }

  /// The same weights, with `value` in a row of one of them; in blocks it is the scale.
  private static ModelWeights with(ModelWeights weights, TensorRole.Name name, float value) {
    Matrix damaged = weights.get(name);
    MemorySegment data = MemorySegment.ofArray(damaged.data().toArray(ValueLayout.JAVA_BYTE));
    int row = damaged.rows() == 1 ? 0 : name.role() == TensorRole.EMBEDDING ? TOKEN : 100;
    long at = row * damaged.dtype().byteSize(damaged.cols());
    if (damaged.dtype() == DType.F32) {
      data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, value);
    } else {
      data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, Float.floatToFloat16(value));
    }
    Map<TensorRole.Name, Matrix> tensors = new HashMap<>(weights.tensors());
    tensors.put(name, new Matrix(data, damaged.dtype(), damaged.rows(), damaged.cols()));
    return new ModelWeights(tensors);
  }

  private static void run(ModelWeights weights, ModelSpec spec, int nodes, LogitsWanted wanted) {
    DType exchange = spec.types().matrices().quantized() ? DType.Q8_0 : DType.F32;
    try (var pool = new WorkerPool(2);
        var forwardPass =
            new LocalForwardPass(
                new ModelSource.Weights(spec, weights),
                new ShardPlan(spec, exchange, nodes),
                new EngineSettings(DType.F32, 64, 16),
                Kernels.choose(true),
                pool)) {
      var sequence = new OneSequence(forwardPass);
      var choice = new TokenChoice();
      sequence.feed(new int[] {1, 2, TOKEN}, 0);
      RunLogits told = sequence.feed(new int[] {5, 6}, 3, wanted).logits().getFirst();
      switch (wanted) {
        case LogitsWanted.All _ -> choice.all(told);
        case LogitsWanted.Draw _ -> choice.draw(told, 1, of -> of.tokens()[0]);
        case LogitsWanted.DrawAny _ -> choice.drawAny(told, 1, 0.5f);
        default -> choice.best(told);
      }
    }
  }
}
