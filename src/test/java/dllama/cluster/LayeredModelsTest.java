package dllama.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dllama.engine.EngineSettings;
import dllama.engine.LocalForwardPass;
import dllama.engine.Specs;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.util.Properties;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Models whose layers differ on whole nodes: what layers are given of tokens travels with these,
/// partials of two sums are longer than others, and the first layers of a mixture may have no
/// experts.
@Tag("slow")
class LayeredModelsTest {
  private static final int STEPS = 12;
  private static final int BATCH = 32;

  @ParameterizedTest
  @ValueSource(strings = {"gemma4", "gemma4moe", "glm4moe", "qwen2moe", "exaone4", "granitemoe"})
  void shouldGiveTheTokensOfOneProcess(String architecture) {
    ModelSpec spec = Specs.small(DType.F16, Architecture.named(architecture));
    ModelSource source = new ModelSource.Random(spec, 11);
    // Long enough for halves.
    int[] prompt = new Random(2).ints(70, 0, spec.vocabSize()).toArray();
    int[] expected = alone(source, prompt);
    for (int nodes : new int[] {1, 2, 4}) {
      Properties halves = new Properties();
      halves.setProperty("dllama.sync.overlap", "on");
      try (var cluster = new TestCluster(source, DType.F32, nodes, halves)) {
        cluster.await("ready: " + nodes, 1);
        int[] tokens = TestCluster.greedy(cluster.forwardPass(), prompt, STEPS, BATCH);
        assertArrayEquals(expected, tokens, architecture + " on " + nodes);
      }
    }
  }

  private static int[] alone(ModelSource source, int[] prompt) {
    ModelSpec spec = source.spec();
    var settings = new EngineSettings(DType.F32, spec.contextLength(), BATCH);
    var plan = new ShardPlan(spec, DType.F32, 1);
    try (var pool = new WorkerPool(1, 0);
        var pass = new LocalForwardPass(source, plan, settings, Kernels.choose(true), pool)) {
      return TestCluster.greedy(pass, prompt, STEPS, BATCH);
    }
  }
}
