package dllama.cluster.rank;

import akka.actor.typed.ActorRef;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.FramePool;
import dllama.cluster.wire.RankMessage.SendTo;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.StreamMessage;
import dllama.cluster.wire.TensorFrame.WeightChunk;
import dllama.slice.SliceArrival;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Gets a slice into the cache folder that this node would need if it took another one's place, in
/// chunks from the root, whose `WeightStream` this is the other end of. None of it is in memory but
/// the chunks under way. Owned by [LayerShard].
final class SliceFetch implements SliceArrival.Listener, AutoCloseable {
  /// Chunks that may wait for the disk: many times what a root sends unacknowledged.
  private static final long MOST_UNWRITTEN = 8 << 20;

  private final Assignment assignment;
  private final RankHost host;
  private final ActorRef<RootMessage> root;
  private final FramePool frames;
  private final @Nullable SliceArrival arrival;
  private final AtomicLong written = new AtomicLong();
  private volatile @Nullable ActorRef<StreamMessage> stream;
  private long arrived;

  /// Asks for the slice if there is room for it.
  ///
  /// @param assignment whose slice is meant, under an epoch of its own
  /// @param frames where the buffers of chunks go back to
  SliceFetch(Assignment assignment, RankHost host, ActorRef<RootMessage> root, FramePool frames) {
    this.assignment = assignment;
    this.host = host;
    this.root = root;
    this.frames = frames;
    long total = assignment.layout().totalBytes();
    arrival = host.store().arrival(assignment.sliceKey(), total, this).orElse(null);
    if (arrival == null) {
      ended(false);
    }
  }

  boolean isOf(long epoch) {
    return assignment.epoch() == epoch;
  }

  /// Chunks are acknowledged there.
  void acknowledge(SendTo to) {
    stream = to.stream();
  }

  /// Takes the next chunk; whatever is not that ends this.
  void put(WeightChunk chunk) {
    boolean next =
        chunk.offset() == arrived
            && chunk.bytes().length() > 0
            && arrived - written.get() <= MOST_UNWRITTEN;
    if (!next || arrival == null) {
      frames.give(chunk.bytes());
      close();
      ended(false);
      return;
    }
    arrived += chunk.bytes().length();
    MemorySegment bytes = chunk.bytes().segment().asSlice(0, chunk.bytes().length());
    arrival.put(bytes, () -> frames.give(chunk.bytes()));
  }

  @Override
  public void wanted() {
    root.tell(new RootMessage.SliceWanted(assignment.epoch(), assignment.rank()));
  }

  @Override
  public void written(long bytes) {
    written.set(bytes);
    ActorRef<StreamMessage> to = stream;
    if (to != null) {
      to.tell(new StreamMessage.Received(assignment.epoch(), bytes));
    }
  }

  @Override
  public void ended(boolean kept) {
    root.tell(new RootMessage.Fetched(assignment.epoch(), assignment.rank(), kept));
    if (kept) {
      host.listener().keeps(assignment.rank(), assignment.world().size());
    }
  }

  @Override
  public void close() {
    if (arrival != null) {
      arrival.close();
    }
  }
}
