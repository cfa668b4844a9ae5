package dllama.cluster.root;

import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.RunsCodec;
import dllama.cluster.wire.SliceSource;
import dllama.cluster.wire.TensorFrameSerializer;
import dllama.cluster.wire.WorldSpec;
import dllama.engine.EngineSettings;
import dllama.engine.ShardEngine;
import dllama.error.UserException;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.settings.ClusterSettings;
import dllama.slice.ShardPlan;
import dllama.slice.SliceLayout;
import dllama.tensor.DType;
import dllama.tensor.KvHead;
import java.util.OptionalLong;

/// The model as the root runs it.
///
/// @param fingerprint of its content: equal for equal weights, so that workers may keep slices
/// @param keep whether slices are worth a place in cache folders, and `fingerprint` is of all of
///     the content
/// @param exchange type of exchanged partials, F32 or Q8_0
/// @param kv type of the key/value cache, F32 or F16
/// @param contextLength the most positions of a sequence
/// @param sequences to have memory for, if all are as long as they may be
/// @param kvMemory bytes of a rank for keys and values; empty: what is left, as far as `sequences`
///     can use it
/// @param prefillBatch tokens of a prompt to compute together, if frames allow so many
public record RootModel(
    ModelSource source,
    String fingerprint,
    boolean keep,
    DType exchange,
    DType kv,
    int contextLength,
    int sequences,
    OptionalLong kvMemory,
    int prefillBatch) {

  /// What the model is like.
  public ModelSpec spec() {
    return source.spec();
  }

  /// Tokens of one step, so that neither input rows nor partials exceed a frame.
  public int maxBatchTokens(int maxFrameBytes) {
    return maxBatchTokens(spec(), contextLength, prefillBatch, maxFrameBytes);
  }

  /// The same of a model that is not run.
  public static int maxBatchTokens(
      ModelSpec spec, int contextLength, int prefillBatch, int maxFrameBytes) {
    long payload =
        (long) maxFrameBytes - TensorFrameSerializer.MAX_HEADER_BYTES - ARTERY_HEADER_BYTES;
    long row = DType.F32.byteSize(spec.dim()) + RunsCodec.maxBytes(KvHead.pages(contextLength));
    return (int) Math.max(1, Math.min(Math.min(prefillBatch, contextLength), payload / row));
  }

  /// Refuses a model that can not be run with frames of this size.
  ///
  /// @throws UserException if not even one input row, or half of the logits, fits into a frame
  public void checkFrames(int maxFrameBytes) {
    long rows = Math.max(spec().dim(), Math.ceilDiv(spec().vocabSize(), 2));
    long needed = DType.F32.byteSize(rows) + ARTERY_HEADER_BYTES;
    if (needed > maxFrameBytes) {
      throw new UserException(
          "dllama.sync.max-frame-bytes=%d is too small for this model; it needs %d"
              .formatted(maxFrameBytes, needed));
    }
  }

  /// Artery's envelope with uncompressed actor paths and class names, generously.
  private static final int ARTERY_HEADER_BYTES = 4096;

  private static final int MOST_PAGES = 1 << 24;

  /// Pages that ranks of a world have room for; at least those of one whole context, which an
  /// objection is made to where there is no room for them.
  ///
  /// @param memory bytes that the rank with the least of them may take
  private int pages(ShardPlan plan, long memory) {
    long page = ShardEngine.pageBytes(plan, 0, kv);
    int context = KvHead.pages(contextLength);
    if (kvMemory.isPresent()) {
      return Math.clamp(kvMemory.getAsLong() / page, context, MOST_PAGES);
    }
    long left = Math.max(0, memory - new SliceLayout(plan, 0).totalBytes());
    return Math.clamp(left / page, context, Math.multiplyExact(context, sequences));
  }

  /// What rank 0 of a world of so many nodes has to know.
  ///
  /// @param memory bytes that the rank with the least of them may take
  public Assignment assignment(
      long epoch, int worldSize, int maxBatchTokens, ClusterSettings.Sync sync, long memory) {
    ShardPlan plan = new ShardPlan(spec(), exchange, worldSize);
    EngineSettings engine =
        new EngineSettings(kv, contextLength, maxBatchTokens, pages(plan, memory));
    SliceSource slices =
        switch (source) {
          case ModelSource.Weights _ -> SliceSource.file(fingerprint, keep);
          case ModelSource.Random(_, long seed) -> SliceSource.random(fingerprint, seed);
        };
    return new Assignment(
        epoch, 0, new WorldSpec(plan, engine, sync.collective(), sync.overlap()), slices);
  }
}
