package dllama.cluster;

import akka.actor.typed.ActorRef;
import dllama.cluster.RootCoordinator.Stepped;
import dllama.cluster.TensorFrame.Input;
import dllama.cluster.TensorFrame.Logits;
import dllama.cluster.TensorFrame.Partial;
import dllama.cluster.loop.ComputeWait;
import dllama.model.LogitsWanted;
import dllama.shard.Collective;
import dllama.shard.ShardEngine;
import dllama.tensor.DType;
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
  private final Exchange exchange;
  private final ComputeWait computeWait;
  private final List<ActorRef<LayerShard.Command>> ranks;
  private final ActorRef<RootCoordinator.Command> root;
  private final long stallNanos;
  private final CollectiveRule rule;
  private final Collective direct;
  private final Collective scattered;

  /// What this rank sends, by the parity of the round; [Exchange] says why two suffice.
  private final FrameBuffer[] own;

  /// Of that what each rank gets, by parity and rank.
  private final FrameBuffer[][] parts;

  private final BooleanSupplier settled;

  /// The step whose logits the engine holds; −1 for none.
  private long logitsOf = -1;

  /// @param ranks the shards of all ranks, in rank order
  /// @param stall how long a peer that is alive may keep this rank waiting in one round
  ShardSteps(
      Assignment assignment,
      ShardEngine engine,
      Exchange exchange,
      ComputeWait computeWait,
      List<ActorRef<LayerShard.Command>> ranks,
      ActorRef<RootCoordinator.Command> root,
      Duration stall) {
    this.assignment = assignment;
    this.engine = engine;
    this.exchange = exchange;
    this.computeWait = computeWait;
    this.ranks = ranks;
    this.root = root;
    stallNanos = stall.toNanos();
    rule = CollectiveRule.of(assignment);
    direct = Collective.direct(engine);
    scattered = Collective.reduceScatter(engine, rule.sums());
    int values = Math.multiplyExact(assignment.maxBatchTokens(), assignment.spec().dim());
    int bytes = Math.toIntExact(DType.F32.byteSize(values)); // nothing wider is sent
    own = new FrameBuffer[] {new FrameBuffer(bytes), new FrameBuffer(bytes)};
    parts = new FrameBuffer[][] {views(own[0]), views(own[1])};
    settled = exchange::settled;
  }

  private FrameBuffer[] views(FrameBuffer whole) {
    return ranks.stream().map(_ -> whole.view()).toArray(FrameBuffer[]::new);
  }

  /// Whether `input` fits what this rank was set up for; nothing from the network is trusted.
  boolean accepts(Input input) {
    return input.tokens() >= 1
        && input.tokens() <= assignment.maxBatchTokens()
        && input.position() >= 0
        && input.position() <= assignment.contextLength() - input.tokens()
        && input.wanted().rows() <= input.tokens()
        && InputRows.holds(input.rows(), input.tokens() * assignment.spec().dim());
  }

  /// Computes one step and tells the root: what is wanted of this rank's logits, or that there is
  /// nothing to tell. The root's own rank always says how long it waited for partials.
  ///
  /// @throws Aborted when the epoch failed, or a peer kept this rank waiting for too long
  void run(Input input) {
    computeWait.attach();
    try {
      int values = input.tokens() * assignment.spec().dim();
      InputRows.read(input.rows(), values, engine.input());
      engine.begin(input.tokens(), input.position(), input.wanted().rows());
      logitsOf = -1;
      Collective collective = rule.scatters(input.tokens()) ? scattered : direct;
      long waited = 0;
      while (engine.advance()) {
        for (int round = 0; round < collective.rounds(); round++) {
          waited += run(collective, round);
        }
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

  /// One round of an all-reduce.
  ///
  /// @return nanoseconds spent waiting
  private long run(Collective collective, int round) {
    int parity = (int) (exchange.current() & 1);
    FrameBuffer mine = own[parity];
    collective.write(round, mine.segment());
    long from = System.nanoTime();
    if (ranks.size() > 1) {
      send(collective, round, parts[parity]);
      await(from + stallNanos);
      checkLengths(collective, round);
    }
    long waited = System.nanoTime() - from;
    collective.read(round, exchange.take(mine.segment()));
    exchange.next();
    return waited;
  }

  /// To the next rank first, so that not all send to the same one at once.
  private void send(Collective collective, int round, FrameBuffer[] views) {
    int self = assignment.rank();
    for (int i = 1; i < ranks.size(); i++) {
      int peer = (self + i) % ranks.size();
      FrameBuffer part =
          views[peer].part(collective.sentFrom(round, peer), collective.sentBytes(round, peer));
      ranks.get(peer).tell(new Partial(assignment.epoch(), exchange.current(), self, part));
    }
  }

  private void await(long deadlineNanos) {
    boolean arrived = computeWait.await(settled, deadlineNanos);
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
  }

  /// Nothing from the network is trusted.
  private void checkLengths(Collective collective, int round) {
    for (int i = 1; i < ranks.size(); i++) {
      int peer = (assignment.rank() + i) % ranks.size();
      int bytes = exchange.length(peer);
      int expected = collective.receivedBytes(round, peer);
      if (bytes != expected) {
        throw new Aborted(
            peer, "sent a partial of %d bytes in place of %d".formatted(bytes, expected));
      }
    }
  }
}
