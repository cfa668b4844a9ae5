package dllama.cluster;

import akka.actor.typed.ActorRef;
import dllama.cluster.RootCoordinator.Stepped;
import dllama.cluster.TensorFrame.Input;
import dllama.cluster.TensorFrame.Logits;
import dllama.cluster.TensorFrame.Partial;
import dllama.cluster.loop.ComputeWait;
import dllama.model.LogitsWanted;
import dllama.shard.ShardEngine;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;

/// Runs the steps of one rank in one epoch: engine and exchange in turn. Everything here happens on
/// the node's compute thread.
final class ShardSteps {
  /// A step that can not be finished; the message is one line for the user.
  static final class Aborted extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final int culprit;

    /// @param culprit the rank that is to blame
    Aborted(int culprit, String why) {
      super(why);
      this.culprit = culprit;
    }

    int culprit() {
      return culprit;
    }
  }

  private final Assignment assignment;
  private final ShardEngine engine;
  private final Kernels kernels;
  private final Exchange exchange;
  private final ComputeWait computeWait;
  private final List<ActorRef<LayerShard.Command>> peers;
  private final ActorRef<RootCoordinator.Command> root;
  private final long stallNanos;
  private final FrameBuffer[] own;
  private final BooleanSupplier settled;

  /// The step whose logits the engine holds; −1 for none.
  private long logitsOf = -1;

  /// @param peers the other ranks
  /// @param stall how long a peer that is alive may keep this rank waiting for one partial
  ShardSteps(
      Assignment assignment,
      ShardEngine engine,
      Kernels kernels,
      Exchange exchange,
      ComputeWait computeWait,
      List<ActorRef<LayerShard.Command>> peers,
      ActorRef<RootCoordinator.Command> root,
      Duration stall) {
    this.assignment = assignment;
    this.engine = engine;
    this.kernels = kernels;
    this.exchange = exchange;
    this.computeWait = computeWait;
    this.peers = peers;
    this.root = root;
    stallNanos = stall.toNanos();
    int bytes =
        (int)
            assignment
                .plan()
                .partialType()
                .byteSize((long) assignment.maxBatchTokens() * assignment.spec().dim());
    own = new FrameBuffer[] {new FrameBuffer(bytes), new FrameBuffer(bytes)};
    settled = exchange::settled;
  }

  /// Whether `input` fits what this rank was set up for; nothing from the network is trusted.
  boolean accepts(Input input) {
    long bytes = DType.F32.byteSize((long) input.tokens() * assignment.spec().dim());
    return input.tokens() >= 1
        && input.tokens() <= assignment.maxBatchTokens()
        && input.position() >= 0
        && input.position() <= assignment.contextLength() - input.tokens()
        && input.wanted().rows() <= input.tokens()
        && input.rows().length() == bytes;
  }

  /// Computes one step and tells the root: what is wanted of this rank's logits, or that there is
  /// nothing to tell. The root's own rank always says how long it waited for partials.
  ///
  /// @throws Aborted when the epoch failed, or a peer kept this rank waiting for too long
  void run(Input input) {
    computeWait.attach();
    try {
      int values = input.tokens() * assignment.spec().dim();
      kernels.decode(input.rows().segment(), 0, DType.F32, values, false, engine.input(), 0);
      engine.begin(input.tokens(), input.position(), input.wanted().rows());
      logitsOf = -1;
      int bytes = (int) engine.partialBytes();
      long waited = 0;
      while (engine.advance()) {
        FrameBuffer mine = own[(int) (exchange.current() & 1)].withLength(bytes);
        engine.writePartial(mine.segment());
        waited += exchange(mine, bytes);
      }
      boolean logits = input.wanted().rows() > 0;
      if (logits) {
        logitsOf = input.step();
        tellLogits(input.wanted());
      }
      if (!logits || assignment.rank() == 0) {
        root.tell(new Stepped(assignment.epoch(), assignment.rank(), input.step(), waited));
      }
    } finally {
      computeWait.detach();
    }
  }

  /// Sends the root all logits of step `step`, if they are still here.
  void tellAllLogits(long step) {
    if (step == logitsOf) {
      tellLogits(new LogitsWanted.All());
    }
  }

  private void tellLogits(LogitsWanted wanted) {
    root.tell(new Logits(assignment.epoch(), logitsOf, assignment.rank(), engine.logits(wanted)));
  }

  private long exchange(FrameBuffer mine, int bytes) {
    long from = System.nanoTime();
    if (!peers.isEmpty()) {
      Partial partial =
          new Partial(assignment.epoch(), exchange.current(), assignment.rank(), mine);
      for (int peer = 0; peer < peers.size(); peer++) {
        peers.get(peer).tell(partial);
      }
      boolean arrived = computeWait.await(settled, from + stallNanos);
      String failure = exchange.failure();
      if (failure != null) {
        throw new Aborted(assignment.rank(), failure);
      }
      if (!arrived) {
        throw new Aborted(
            exchange.missingRank(),
            "kept rank %d waiting for a partial for %d s"
                .formatted(assignment.rank(), Duration.ofNanos(stallNanos).toSeconds()));
      }
      int misfit = exchange.misfit(bytes); // nothing from the network is trusted
      if (misfit >= 0) {
        throw new Aborted(
            misfit,
            "sent a partial of %d bytes in place of %d".formatted(exchange.length(misfit), bytes));
      }
    }
    long waited = System.nanoTime() - from;
    engine.reduce(exchange.take(mine.segment(), bytes));
    exchange.next();
    return waited;
  }
}
