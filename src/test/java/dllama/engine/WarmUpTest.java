package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.slice.ShardPlan;
import dllama.step.OneSequence;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.util.List;
import org.junit.jupiter.api.Test;

class WarmUpTest {
  /// Also a head that is no whole number of blocks, as it is in some models.
  @Test
  void shouldBeASmallModelThatRunsTheSameCode() {
    for (Architecture architecture : Architecture.all()) {
      for (DType weights : Specs.types(architecture)) {
        for (int headDim : List.of(16, 88, 128)) {
          ModelSpec model = large(Specs.small(weights, architecture), headDim);
          ModelSpec small = WarmUp.small(model);
          assertEquals(architecture, small.architecture());
          assertEquals(weights, small.types().matrices());
          assertEquals(headDim, small.headDim());
          assertEquals(model.heads() / model.kvHeads(), small.heads() / small.kvHeads());
          assertEquals(model.activeExperts(), small.activeExperts());
          assertTrue(small.layers() == 1 && small.dim() <= 512 && small.ffnDim() <= 512);
          try (var pool = new WorkerPool(1);
              var pass =
                  new LocalForwardPass(
                      new ModelSource.Random(small, 1),
                      new ShardPlan(small, DType.Q8_0, 1),
                      new EngineSettings(DType.F16, 64, 9),
                      Kernels.choose(true),
                      pool)) {
            float[] logits = new OneSequence(pass).logits(new int[9], 0);
            assertTrue(Float.isFinite(logits[0]), small.toString());
          }
        }
      }
    }
  }

  @Test
  void shouldLeaveNoThreadBehind() throws InterruptedException {
    ModelSpec spec = Specs.small(DType.Q4_0);
    WarmUp warmUp = WarmUp.start(spec, DType.Q8_0, DType.F16, Kernels.choose(true), _ -> {});
    warmUp.close();
    while (Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().equals("warm-up"))) {
      Thread.sleep(10);
    }
  }

  /// As wide as real ones are.
  private static ModelSpec large(ModelSpec spec, int headDim) {
    return new ModelSpec(
        spec.architecture(),
        spec.types().matrices(),
        4096,
        14336,
        spec.experts() == 0 ? 0 : 128,
        spec.activeExperts(),
        32,
        32,
        8,
        headDim,
        128256,
        8192,
        spec.rmsEpsilon(),
        spec.activation(),
        spec.rope());
  }
}
