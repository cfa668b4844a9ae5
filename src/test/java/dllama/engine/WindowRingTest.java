package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.Rope;
import dllama.model.Sliding;
import dllama.slice.ShardPlan;
import dllama.step.OneSequence;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Layers that see the latest positions only keep no more than these: places for windows go round,
/// and not a bit is another one than with a place for each page.
class WindowRingTest {
  private static final int CONTEXT = 1500;
  private static final int BATCH = 24;

  @ParameterizedTest
  @CsvSource({"5, 1", "5, 4", "256, 1", "300, 2", "700, 1"})
  void shouldComputeTheSameWithFewWindows(int span, int nodes) {
    for (Architecture architecture :
        new Architecture[] {Architecture.GEMMA3, Architecture.GPT_OSS}) {
      ModelSpec spec =
          Specs.small(DType.F16, architecture)
              .with(Sliding.inPeriods(span, 2, 2, Rope.unscaled(500)));
      var source = new ModelSource.Random(spec, 3);
      var plan = new ShardPlan(spec, DType.F32, nodes);
      var few = EngineSettings.ofOneSequence(spec, DType.F16, CONTEXT, BATCH);
      var many = new EngineSettings(DType.F16, CONTEXT, BATCH);
      assertTrue(few.windows() < many.windows());
      assertTrue(ShardEngine.cacheBytes(plan, 0, few) < ShardEngine.cacheBytes(plan, 0, many));
      assertEquals(
          ShardEngine.cacheBytes(plan, 0, many) - ShardEngine.cacheBytes(plan, 0, few),
          (many.windows() - few.windows()) * ShardEngine.windowBytes(plan, 0, DType.F16));
      var kernels = Kernels.choose(true);
      try (var pool = new WorkerPool(1);
          var ring = new LocalForwardPass(source, plan, few, kernels, pool);
          var all = new LocalForwardPass(source, plan, many, kernels, pool)) {
        var inRing = new OneSequence(ring);
        var inAll = new OneSequence(all);
        Random random = new Random(span);
        for (int position = 0; position < CONTEXT - BATCH; ) {
          int count = random.nextInt(5) == 0 ? 1 : BATCH;
          int[] tokens = random.ints(count, 0, spec.vocabSize()).toArray();
          if (random.nextInt(8) == 0) {
            assertArrayEquals(
                inAll.logits(tokens, position),
                inRing.logits(tokens, position),
                0,
                "at " + position);
          } else {
            inAll.feed(tokens, position);
            inRing.feed(tokens, position);
          }
          position += count;
        }
      }
    }
  }
}
