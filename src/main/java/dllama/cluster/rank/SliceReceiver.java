package dllama.cluster.rank;

import akka.actor.typed.ActorRef;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.FrameBuffer;
import dllama.cluster.wire.FramePool;
import dllama.cluster.wire.RankMessage.SendTo;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.SliceOrigin;
import dllama.cluster.wire.StreamMessage;
import dllama.cluster.wire.TensorFrame.WeightChunk;
import dllama.model.ModelSource;
import dllama.slice.SliceLayout;
import dllama.slice.SliceReader;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Gets a rank its slice: from what is here already, or else in chunks from the root, whose
/// `WeightStream` this is the other end of. Owned by [LayerShard]; what is called on the compute
/// thread says so.
final class SliceReceiver {
  private final Assignment assignment;
  private final SliceLayout layout;
  private final RankHost host;
  private final ActorRef<RootMessage> root;
  private final FramePool frames;
  private @Nullable SendTo sendTo;
  private @Nullable MemorySegment memory;
  private long arrivedBytes;
  private int arrivedChunks;

  /// @param frames where the buffers of chunks go back to
  SliceReceiver(
      Assignment assignment, RankHost host, ActorRef<RootMessage> root, FramePool frames) {
    this.assignment = assignment;
    this.host = host;
    this.root = root;
    this.frames = frames;
    layout = assignment.layout();
  }

  /// Makes room for the slice, and fills it if that can be done without the root's help: from this
  /// process's memory, the cache folder, or a model that is here. Compute thread.
  ///
  /// @param source the model, where this node has it
  /// @return where the slice is from; null if it has to be sent to [#memory]
  @Nullable SliceOrigin open(@Nullable ModelSource source) {
    SliceStore store = host.store();
    long total = layout.totalBytes();
    ModelSource local = assignment.source().random() ? assignment.randomSource() : source;
    SliceOrigin origin = SliceOrigin.MODEL;
    if (store.open(assignment.sliceKey(), assignment.source().keep(), total)) {
      origin = SliceOrigin.MEMORY;
    } else if (store.readCache(host.pool(), this::report)) {
      origin = SliceOrigin.CACHE;
    } else if (local == null) {
      return null;
    } else {
      new SliceReader(layout, local).fill(store.memory(), host.pool(), this::report);
      store.completed();
    }
    report(total);
    return origin;
  }

  /// Where chunks go. Compute thread.
  MemorySegment memory() {
    return host.store().memory();
  }

  /// Everything has been [put][#put]. Compute thread.
  void completed() {
    host.store().completed();
  }

  private void report(long bytes) {
    show(bytes);
    root.tell(
        new RootMessage.Loading(assignment.epoch(), assignment.rank(), bytes, layout.totalBytes()));
  }

  private void show(long bytes) {
    host.listener()
        .loading(assignment.rank(), assignment.world().size(), bytes, layout.totalBytes());
  }

  /// Asks the root for all chunks.
  void request(MemorySegment to) {
    memory = to;
    requestAgain();
  }

  /// The same, if it was asked and nothing has come.
  void requestAgain() {
    if (memory != null && arrivedBytes == 0) {
      root.tell(new RootMessage.SliceWanted(assignment.epoch(), assignment.rank()));
    }
  }

  /// Chunks are acknowledged there.
  void acknowledge(SendTo to) {
    sendTo = to;
    if (arrivedBytes > 0) { // it comes behind some
      to.stream().tell(new StreamMessage.Received(assignment.epoch(), arrivedBytes));
    }
  }

  /// Whether `chunk` is the next one, and fits. None is empty, or one could follow the last.
  boolean accepts(WeightChunk chunk) {
    return memory != null
        && chunk.bytes().length() > 0
        && chunk.offset() == arrivedBytes
        && chunk.bytes().length() <= memory.byteSize() - arrivedBytes;
  }

  /// Takes a chunk in that this [#accepts].
  ///
  /// @return whether it was the last one
  boolean put(WeightChunk chunk) {
    MemorySegment to = Objects.requireNonNull(memory);
    FrameBuffer bytes = chunk.bytes();
    MemorySegment.copy(bytes.segment(), 0, to, arrivedBytes, bytes.length());
    arrivedBytes += bytes.length();
    frames.give(bytes);
    boolean complete = arrivedBytes == to.byteSize();
    if (sendTo != null && (complete || ++arrivedChunks % sendTo.acknowledgeEvery() == 0)) {
      sendTo.stream().tell(new StreamMessage.Received(assignment.epoch(), arrivedBytes));
      show(arrivedBytes);
    }
    return complete;
  }
}
