package dllama.cluster.root;

import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.RunsCodec;
import dllama.cluster.wire.TensorFrameSerializer;
import dllama.error.UserException;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.settings.ClusterSettings;
import dllama.tensor.DType;
import dllama.tensor.KvHead;

/// The model as the root runs it.
///
/// @param fingerprint of its content: equal for equal weights, so that workers may keep slices
/// @param keep whether slices are worth a place in cache folders, and `fingerprint` is of all of
///     the content
/// @param exchange type of exchanged partials, F32 or Q8_0
/// @param kv type of the key/value cache, F32 or F16
/// @param contextLength the most positions of a sequence
/// @param pages of keys and values that sequences share
/// @param prefillBatch tokens of a prompt to compute together, if frames allow so many
public record RootModel(
    ModelSource source,
    String fingerprint,
    boolean keep,
    DType exchange,
    DType kv,
    int contextLength,
    int pages,
    int prefillBatch) {

  public ModelSpec spec() {
    return source.spec();
  }

  /// Tokens of one step, so that neither input rows nor partials exceed a frame.
  public int maxBatchTokens(int maxFrameBytes) {
    long payload =
        (long) maxFrameBytes - TensorFrameSerializer.MAX_HEADER_BYTES - ARTERY_HEADER_BYTES;
    long row = DType.F32.byteSize(spec().dim()) + RunsCodec.maxBytes(KvHead.pages(contextLength));
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

  public Assignment assignment(
      long epoch, int worldSize, int maxBatchTokens, ClusterSettings.Sync sync) {
    boolean random = source instanceof ModelSource.Random;
    long seed = source instanceof ModelSource.Random(_, long value) ? value : 0;
    return new Assignment(
        epoch,
        0,
        worldSize,
        spec(),
        exchange,
        sync.collective(),
        sync.overlap(),
        kv,
        contextLength,
        pages,
        maxBatchTokens,
        fingerprint,
        keep,
        random,
        seed);
  }
}
