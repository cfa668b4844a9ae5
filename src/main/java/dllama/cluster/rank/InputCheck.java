package dllama.cluster.rank;

import dllama.cluster.wire.InputRows;
import dllama.cluster.wire.TensorFrame.Input;
import dllama.cluster.wire.TensorFrame.RunRows;
import dllama.cluster.wire.WorldSpec;
import dllama.engine.EngineSettings;
import dllama.engine.StepRows;
import dllama.logits.Adjustments;
import dllama.model.ModelSpec;
import dllama.slice.Embedding;
import dllama.step.PageCopy;
import dllama.tensor.KvHead;
import java.util.Arrays;

/// Whether the input of a step fits what a rank was set up for: kernels read and write by address
/// what it names, and nothing from the network is trusted.
final class InputCheck {
  private final ModelSpec model;
  private final EngineSettings limits;

  /// Bytes of what layers are given of a token.
  private final int layerBytes;

  InputCheck(WorldSpec world) {
    model = world.model();
    limits = world.engine();
    layerBytes = Embedding.inputBytes(model);
  }

  boolean accepts(Input input) {
    long rows = 0;
    long wanted = 0;
    for (RunRows run : input.runs()) {
      if (!accepts(run)) {
        return false;
      }
      rows += run.count();
      wanted += run.wanted().rows();
    }
    return rows >= 1
        && rows <= limits.maxBatchTokens()
        && input.copies().size() <= limits.maxBatchTokens()
        && input.copies().stream().allMatch(this::accepts)
        && wanted <= StepRows.MAX_WANTED
        && InputRows.holds(input.rows(), (int) rows * model.dim(), (int) rows * layerBytes);
  }

  private boolean accepts(PageCopy copy) {
    return isPage(copy.from())
        && isPage(copy.to())
        && copy.fromWindow() < limits.windows()
        && copy.toWindow() < limits.windows();
  }

  private boolean accepts(RunRows run) {
    return run.count() >= 1
        && run.count() <= limits.maxBatchTokens()
        && run.position() >= 0
        && run.position() <= limits.contextLength() - run.count()
        && run.wanted().count() <= run.count()
        && (run.adjustments().isEmpty() || run.wanted().rows() <= 1)
        && run.adjustments().size() <= Adjustments.MAX_OF_RUN
        && run.pages().length >= KvHead.pages(run.position() + run.count())
        && Arrays.stream(run.pages()).allMatch(this::isPage)
        && acceptsWindows(run)
        && run.state().from() < limits.states()
        && run.state().to() < limits.states();
  }

  /// Whether there are windows for all that the rows see.
  private boolean acceptsWindows(RunRows run) {
    int span = model.sliding().window();
    int seen = Math.max(0, run.position() + 1 - span);
    int before = run.pages().length - run.windows().length;
    return before >= 0
        && (span == 0 || before <= seen / KvHead.PAGE)
        && Arrays.stream(run.windows()).allMatch(id -> id >= 0 && id < limits.windows());
  }

  private boolean isPage(int page) {
    return page >= 0 && page < limits.pages();
  }
}
