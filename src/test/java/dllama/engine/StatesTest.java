package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dllama.format.SynthModel;
import dllama.format.dllama.DllamaFile;
import dllama.generation.Generation;
import dllama.generation.GenerationRequest;
import dllama.generation.Scheduler;
import dllama.generation.StateMean;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.sampling.Sampler;
import dllama.slice.ShardPlan;
import dllama.step.ForwardPass;
import dllama.tensor.DType;
import dllama.tensor.WorkerPool;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The mean of the last hidden states of a prompt.
class StatesTest {
  private static final int[] TEXT = new Random(3).ints(50, 0, 301).toArray();

  @TempDir private Path folder;
  private final WorkerPool pool = new WorkerPool(2);

  @AfterEach
  void close() {
    pool.close();
  }

  private DllamaFile model(ModelSpec spec) {
    Path path = folder.resolve(spec.architecture().name() + ".m");
    SynthModel.write(path, spec, 4, (bytes, total) -> {});
    return DllamaFile.open(path);
  }

  private static Vocabulary vocabulary() {
    byte[][] pieces = new byte[301][];
    Arrays.setAll(pieces, id -> new byte[] {(byte) ('a' + id % 26)});
    return new Vocabulary(pieces, new float[301], -1, List.of(), false, null);
  }

  /// The means of texts that are read at the same time, while somebody is answered.
  private static List<double[]> means(ForwardPass forwardPass, boolean shared, int[]... texts) {
    List<StateMean> means = new ArrayList<>();
    List<Generation> all = new ArrayList<>();
    try (Scheduler scheduler = new Scheduler(forwardPass, vocabulary(), 4)) {
      if (shared) {
        int[] prompt = Arrays.copyOf(TEXT, 20);
        all.add(
            scheduler.submit(
                new GenerationRequest(prompt, 30, new Sampler.Greedy(), Set.of(), List.of()),
                _ -> true));
      }
      for (int[] text : texts) {
        means.add(new StateMean());
        all.add(scheduler.submit(GenerationRequest.of(text, means.getLast()), _ -> true));
      }
      all.forEach(Generation::join);
    }
    for (int i = 0; i < texts.length; i++) {
      assertEquals(texts[i].length, means.get(i).tokens());
    }
    return means.stream().map(StateMean::value).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen2", "qwen3"})
  void shouldBeWhatThePlainReferenceGives(String name) {
    ModelSpec spec = Specs.small(DType.F32, Architecture.named(name));
    try (DllamaFile file = model(spec);
        var forwardPass = Goldens.forwardPass(file, 1, DType.F32, 16, pool)) {
      PlainReference reference = new PlainReference(spec, file.weights());
      double[] expected = new double[spec.dim()];
      for (int token : TEXT) {
        reference.next(token);
        for (int i = 0; i < expected.length; i++) {
          expected[i] += reference.state()[i] / TEXT.length;
        }
      }
      assertArrayEquals(expected, means(forwardPass, false, TEXT).getFirst(), 1e-5);
    }
  }

  /// However the prompt is cut, and whoever shares its steps.
  @Test
  void shouldHaveTheSameBitsOnAnyNumberOfNodesAndForAnyBatch() {
    ModelSpec spec = Specs.small(DType.Q4_0, Architecture.LLAMA);
    try (DllamaFile file = model(spec)) {
      double[] alone = null;
      assertEquals(List.of(1, 2, 4), ShardPlan.usableWorldSizes(spec, DType.F32).subList(0, 3));
      for (int nodes : new int[] {1, 2, 4}) {
        for (int batch : new int[] {7, 16, 64}) {
          try (var forwardPass = Goldens.forwardPass(file, nodes, DType.F32, batch, pool)) {
            double[] first = means(forwardPass, false, TEXT).getFirst();
            alone = alone == null ? first : alone;
            assertArrayEquals(alone, first, 0, nodes + " " + batch);
            int[] other = Arrays.copyOfRange(TEXT, 10, 40);
            List<double[]> shared = means(forwardPass, true, TEXT, other, TEXT);
            assertArrayEquals(alone, shared.get(0), 0, nodes + " " + batch);
            assertArrayEquals(alone, shared.get(2), 0, nodes + " " + batch);
          }
        }
      }
    }
  }
}
