package dllama.cluster.root;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import dllama.cluster.wire.FrameBuffer;
import dllama.cluster.wire.NetworkActor;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.StreamMessage;
import dllama.cluster.wire.StreamMessage.Received;
import dllama.cluster.wire.TensorFrame.WeightChunk;
import dllama.settings.ClusterSettings;
import dllama.slice.SliceLayout;
import dllama.slice.SliceReader;
import java.time.Duration;

/// Sends one rank its slice in acknowledged chunks, cut and packed from the model file as they go:
/// at most a window of chunks is in memory. One per worker, on a dispatcher of its own because
/// reading a file may block. Ends when everything is acknowledged, or when nothing has been for
/// [#STALL].
final class WeightStream extends NetworkActor<StreamMessage> {
  private enum Stalled implements StreamMessage.Internal {
    STALLED
  }

  private enum GoOn implements StreamMessage.Internal {
    GO_ON
  }

  /// How quickly a stream may send.
  @FunctionalInterface
  interface Pace {
    /// As quickly as its receiver takes it.
    Pace FREE = _ -> 0;

    /// How long it has to wait until it asks again; 0: it sends so many bytes now.
    long waitNanos(int bytes);
  }

  /// Chunks after which a receiver acknowledges, where the window is that large.
  private static final int ACKNOWLEDGE_EVERY = 4;

  private static final Duration STALL = Duration.ofSeconds(30);

  private final ActorRef<RankMessage> to;
  private final ActorRef<RootMessage> root;
  private final TimerScheduler<StreamMessage> timers;
  private final SliceReader source;
  private final SliceLayout layout;
  private final long epoch;
  private final Pace pace;
  private final FrameBuffer[] window;
  private final int chunkBytes;
  private long sent;
  private long received;

  static Behavior<StreamMessage> create(
      SliceReader source,
      SliceLayout layout,
      long epoch,
      ClusterSettings.Weights weights,
      Pace pace,
      ActorRef<RankMessage> to,
      ActorRef<RootMessage> root) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers ->
                    new WeightStream(
                        context, timers, source, layout, epoch, weights, pace, to, root)));
  }

  private WeightStream(
      ActorContext<StreamMessage> context,
      TimerScheduler<StreamMessage> timers,
      SliceReader source,
      SliceLayout layout,
      long epoch,
      ClusterSettings.Weights weights,
      Pace pace,
      ActorRef<RankMessage> to,
      ActorRef<RootMessage> root) {
    super(context, StreamMessage.class);
    this.to = to;
    this.root = root;
    this.timers = timers;
    this.source = source;
    this.layout = layout;
    this.epoch = epoch;
    this.pace = pace;
    chunkBytes = weights.chunkBytes();
    window = new FrameBuffer[weights.window()];
    for (int i = 0; i < window.length; i++) {
      window[i] = new FrameBuffer(chunkBytes);
    }
    int every = Math.min(ACKNOWLEDGE_EVERY, window.length);
    to.tell(new RankMessage.SendTo(epoch, context.getSelf(), every));
    timers.startSingleTimer(Stalled.STALLED, STALL);
    sendWhatFits();
  }

  @Override
  protected Behavior<StreamMessage> onMessage(StreamMessage command) {
    return switch (command) {
      case Received(long ofEpoch, long bytes) when ofEpoch == epoch -> onReceived(bytes);
      case Received _ -> this;
      case GoOn _ -> {
        if (!timers.isTimerActive(Stalled.STALLED)) {
          timers.startSingleTimer(Stalled.STALLED, STALL);
        }
        sendWhatFits();
        yield this;
      }
      case Stalled _ -> {
        root.tell(
            new RootMessage.ShardFailed(
                epoch, layout.rank(), "took no weights for %d s".formatted(STALL.toSeconds())));
        yield Behaviors.stopped();
      }
      case StreamMessage.Internal other -> throw new IllegalArgumentException("message=" + other);
    };
  }

  private Behavior<StreamMessage> onReceived(long bytes) {
    if (bytes < received || bytes > sent) {
      return this; // an old or a false acknowledgement
    }
    received = bytes;
    root.tell(new RootMessage.Loading(epoch, layout.rank(), received, layout.totalBytes()));
    if (received == layout.totalBytes()) {
      return Behaviors.stopped();
    }
    timers.startSingleTimer(Stalled.STALLED, STALL);
    sendWhatFits();
    return this;
  }

  private void sendWhatFits() {
    long limit = received + (long) window.length * chunkBytes;
    while (sent < layout.totalBytes() && sent + chunkBytes <= limit) {
      int length = (int) Math.min(chunkBytes, layout.totalBytes() - sent);
      long wait = pace.waitNanos(length);
      if (wait > 0) {
        timers.startSingleTimer(GoOn.GO_ON, Duration.ofNanos(wait));
        break;
      }
      FrameBuffer buffer = window[(int) (sent / chunkBytes % window.length)].withLength(length);
      source.read(sent, buffer.segment().asSlice(0, length));
      to.tell(new WeightChunk(epoch, sent, buffer));
      sent += length;
    }
    if (sent == received) {
      timers.cancel(Stalled.STALLED); // there is nothing to acknowledge
    }
  }
}
