package dllama.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.TimerScheduler;
import dllama.cluster.TensorFrame.WeightChunk;
import dllama.settings.ClusterSettings;
import dllama.shard.ShardLayout;
import dllama.shard.SliceReader;
import java.time.Duration;

/// Sends one rank its slice in acknowledged chunks, cut and packed from the model file as they go:
/// at most a window of chunks is in memory. One per worker, on a dispatcher of its own because
/// reading a file may block. Ends when everything is acknowledged, or when nothing has been for
/// [#STALL].
final class WeightStream extends NetworkActor<WeightStream.Command> {
  sealed interface Command {}

  /// All bytes before `bytes` have arrived.
  record Received(long epoch, long bytes) implements Command, ControlMessage {}

  private enum Stalled implements Command {
    STALLED
  }

  /// Chunks after which a receiver acknowledges, where the window is that large.
  private static final int ACKNOWLEDGE_EVERY = 4;

  private static final Duration STALL = Duration.ofSeconds(30);

  private final ActorRef<LayerShard.Command> to;
  private final ActorRef<RootCoordinator.Command> root;
  private final TimerScheduler<Command> timers;
  private final SliceReader source;
  private final ShardLayout layout;
  private final long epoch;
  private final FrameBuffer[] window;
  private final int chunkBytes;
  private long sent;
  private long received;

  static Behavior<Command> create(
      SliceReader source,
      ShardLayout layout,
      long epoch,
      ClusterSettings.Weights weights,
      ActorRef<LayerShard.Command> to,
      ActorRef<RootCoordinator.Command> root) {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers ->
                    new WeightStream(context, timers, source, layout, epoch, weights, to, root)));
  }

  private WeightStream(
      ActorContext<Command> context,
      TimerScheduler<Command> timers,
      SliceReader source,
      ShardLayout layout,
      long epoch,
      ClusterSettings.Weights weights,
      ActorRef<LayerShard.Command> to,
      ActorRef<RootCoordinator.Command> root) {
    super(context, Command.class);
    this.to = to;
    this.root = root;
    this.timers = timers;
    this.source = source;
    this.layout = layout;
    this.epoch = epoch;
    chunkBytes = weights.chunkBytes();
    window = new FrameBuffer[weights.window()];
    for (int i = 0; i < window.length; i++) {
      window[i] = new FrameBuffer(chunkBytes);
    }
    int every = Math.min(ACKNOWLEDGE_EVERY, window.length);
    to.tell(new LayerShard.SendTo(epoch, context.getSelf(), every));
    timers.startSingleTimer(Stalled.STALLED, STALL);
    sendWhatFits();
  }

  @Override
  public Behavior<Command> onMessage(Command command) {
    return switch (command) {
      case Received(long ofEpoch, long bytes) when ofEpoch == epoch -> onReceived(bytes);
      case Received _ -> this;
      case Stalled _ -> {
        root.tell(
            new RootCoordinator.ShardFailed(
                epoch, layout.rank(), "took no weights for %d s".formatted(STALL.toSeconds())));
        yield Behaviors.stopped();
      }
    };
  }

  private Behavior<Command> onReceived(long bytes) {
    if (bytes < received || bytes > sent) {
      return this; // an old or a false acknowledgement
    }
    received = bytes;
    root.tell(new RootCoordinator.Loading(epoch, layout.rank(), received, layout.totalBytes()));
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
      FrameBuffer buffer = window[(int) (sent / chunkBytes % window.length)].withLength(length);
      source.read(sent, buffer.segment().asSlice(0, length));
      to.tell(new WeightChunk(epoch, sent, buffer));
      sent += length;
    }
  }
}
