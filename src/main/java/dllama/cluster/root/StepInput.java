package dllama.cluster.root;

import dllama.cluster.wire.FrameBuffer;
import dllama.cluster.wire.InputRows;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.slice.Embedding;
import java.lang.foreign.MemorySegment;

/// What a step is given of its tokens, looked up and put into a frame.
final class StepInput {
  private final Embedding embedding;
  private final int dim;
  private final float[] rows;
  private final MemorySegment layerRows;
  private final FrameBuffer frame;
  private int count;

  StepInput(ModelSource source, int maxTokens) {
    ModelSpec spec = source.spec();
    embedding = Embedding.of(source);
    dim = spec.dim();
    rows = new float[Math.multiplyExact(maxTokens, dim)];
    int bytes = Math.multiplyExact(maxTokens, embedding.inputBytes());
    layerRows = MemorySegment.ofArray(new byte[bytes]);
    frame = new FrameBuffer(Math.addExact(Math.multiplyExact(rows.length, Float.BYTES), bytes));
  }

  void clear() {
    count = 0;
  }

  /// Adds the next token of the step; throws as [Embedding#row].
  void add(int token) {
    embedding.inputs(token, layerRows, count * (long) embedding.inputBytes());
    embedding.row(token, rows, count * dim);
    count++;
  }

  /// All that was added since [#clear], as valid as that.
  FrameBuffer frame() {
    InputRows.write(rows, count * dim, layerRows, count * embedding.inputBytes(), frame);
    return frame;
  }
}
