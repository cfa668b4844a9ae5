package dllama.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.Conformance;
import dllama.error.UserException;
import dllama.format.dllama.DllamaFile;
import dllama.model.ModelSource;
import dllama.model.ModelWeights;
import dllama.model.TensorRole;
import dllama.step.OneSequence;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A rank whose partial is no number is named, and the world stays.
@Tag("slow")
@Timeout(180)
class StrayedPartialTest {
  @Test
  void shouldNameWhoSentIt() {
    try (DllamaFile file = DllamaFile.open(Conformance.file("llama_gqa_f32", "model.m"))) {
      var source = new ModelSource.Weights(file.spec(), damaged(file.weights()));
      try (var cluster = new TestCluster(source, DType.F32, 2, new Properties())) {
        cluster.await(Duration.ofMinutes(2), () -> cluster.count("ready: 2") == 1);
        var sequence = new OneSequence(cluster.forwardPass());
        for (int time = 0; time < 2; time++) {
          UserException told =
              assertThrows(UserException.class, () -> sequence.feed(new int[] {1, 2}, 0));
          String what =
              "what the attention of layer 2 of %d gives, by what the worker at 127.0.0.1:";
          assertTrue(
              String.valueOf(told.getMessage()).contains(what.formatted(file.spec().layers())),
              told::getMessage);
        }
        assertEquals(0, cluster.count("lost"), cluster.events::toString);
      }
    }
  }

  /// The last head, which is the last rank's, asks with what is no number.
  private static ModelWeights damaged(ModelWeights weights) {
    var name = new TensorRole.Name(TensorRole.WQ, 1);
    Matrix query = weights.get(name);
    MemorySegment data = MemorySegment.ofArray(query.data().toArray(ValueLayout.JAVA_BYTE));
    data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, data.byteSize() - Float.BYTES, Float.NaN);
    Map<TensorRole.Name, Matrix> tensors = new HashMap<>(weights.tensors());
    tensors.put(name, new Matrix(data, query.dtype(), query.rows(), query.cols(), query.order()));
    return new ModelWeights(tensors);
  }
}
