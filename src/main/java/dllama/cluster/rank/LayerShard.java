package dllama.cluster.rank;

import akka.actor.Address;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.Signal;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import dllama.cluster.loop.ComputeWait;
import dllama.cluster.port.Refusals;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.FramePool;
import dllama.cluster.wire.NetworkActor;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RankMessage.Assign;
import dllama.cluster.wire.RankMessage.Dissolve;
import dllama.cluster.wire.RankMessage.Fetch;
import dllama.cluster.wire.RankMessage.Measure;
import dllama.cluster.wire.RankMessage.SendTo;
import dllama.cluster.wire.RankMessage.Serve;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.Secret;
import dllama.cluster.wire.SliceOrigin;
import dllama.cluster.wire.TensorFrame.Input;
import dllama.cluster.wire.TensorFrame.Partial;
import dllama.cluster.wire.TensorFrame.Question;
import dllama.cluster.wire.TensorFrame.WeightChunk;
import dllama.engine.ShardEngine;
import dllama.error.UserException;
import dllama.model.ModelSource;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One node's part of the model: owns its slice of every layer and answers the root's steps. The
/// protocol around [ShardEngine]: it stores what arrives and starts what the compute thread does,
/// but never computes or waits itself.
///
/// Life of a rank: `Assign`; its weights, as chunks or because they are in this machine's memory or
/// cache folder or can be made here; `Ready` to the root; any number of `Input` and `Partial`;
/// `Dissolve`. Messages of another epoch are dropped.
public final class LayerShard extends NetworkActor<RankMessage> {
  /// From the compute thread, about `of` and no other, even if that has the same epoch: memory for
  /// chunks.
  private record Opened(WorldPart of, MemorySegment memory) implements RankMessage.Internal {}

  /// From the compute thread: an engine over a complete slice.
  private record Built(WorldPart of, ShardEngine engine, SliceOrigin origin)
      implements RankMessage.Internal {}

  /// From the compute thread: the world can not go on, for a reason that lies with rank `culprit`.
  private record Failed(WorldPart of, int culprit, String why) implements RankMessage.Internal {}

  /// Steps, or questions, that a rank has not come to yet. The root gives one at a time; a rank of
  /// which nothing is wanted may be one behind.
  private static final int MOST_DUE = 4;

  private final RankHost host;
  private final ComputeWait computeWait;
  private final FramePool frames;
  private final @Nullable ModelSource source;

  private final WorldParts parts = new WorldParts();

  /// What this node gets beforehand.
  private @Nullable SliceFetch fetch;

  /// What whoever assigns a rank has to know.
  private long key = Secret.NONE;

  /// The shard of a node that has no part in a world yet.
  ///
  /// @param source where the root's own shard takes its slice from; null on a worker
  public static Behavior<RankMessage> create(
      RankHost host, ComputeWait computeWait, FramePool frames, @Nullable ModelSource source) {
    return Behaviors.setup(context -> new LayerShard(context, host, computeWait, frames, source));
  }

  private LayerShard(
      ActorContext<RankMessage> context,
      RankHost host,
      ComputeWait computeWait,
      FramePool frames,
      @Nullable ModelSource source) {
    super(context, RankMessage.class);
    this.host = host;
    this.computeWait = computeWait;
    this.frames = frames;
    this.source = source;
  }

  @Override
  protected Behavior<RankMessage> onMessage(RankMessage command) {
    switch (command) {
      case Serve(long ofRoot) -> key = ofRoot;
      case Assign assign when key != Secret.NONE && assign.key() == key -> onAssign(assign);
      case Assign _ ->
          Refusals.ofProcess().refused("somebody", "who is not the root assigned this node a part");
      case Measure(long ofRoot, var root) when key != Secret.NONE && ofRoot == key ->
          host.compute(() -> root.tell(new RootMessage.Measured(ofRoot, host.measureSpeed())));
      case Measure _ -> getContext().getLog().debug("dropped what is not from the root");
      case Fetch(long ofRoot, var part, var root) when key != Secret.NONE && ofRoot == key ->
          onFetch(part, root);
      case Fetch _ -> getContext().getLog().debug("dropped what is not from the root");
      case SendTo sendTo when fetches(sendTo.epoch()) ->
          Objects.requireNonNull(fetch).acknowledge(sendTo);
      case SendTo sendTo -> inEpoch(sendTo.epoch(), now -> now.slice.acknowledge(sendTo));
      case WeightChunk chunk when fetches(chunk.epoch()) ->
          Objects.requireNonNull(fetch).put(chunk);
      case WeightChunk chunk -> inEpoch(chunk.epoch(), now -> onChunk(now, chunk));
      case Opened(WorldPart of, var memory) -> ifPresent(of, now -> now.slice.request(memory));
      case Built built -> ifPresent(built.of(), now -> onBuilt(now, built));
      case Input input -> inEpoch(input.epoch(), now -> onInput(now, input));
      case Question question ->
          inEpoch(question.epoch(), now -> onQuestion(now, steps -> steps.answer(question)));
      case Partial partial -> onPartial(partial);
      case Failed(WorldPart of, int culprit, String why) ->
          ifPresent(of, now -> onFailed(now, culprit, why));
      case Dissolve(long epoch, String why) -> {
        parts.over(epoch); // also where the order that it ends is still on its way
        inEpoch(epoch, now -> onDissolve(now, why));
      }
      case RankMessage.Internal other -> throw new IllegalArgumentException("message=" + other);
    }
    return this;
  }

  private void inEpoch(long epoch, Consumer<WorldPart> action) {
    WorldPart now = parts.ofEpoch(epoch);
    if (now != null) {
      action.accept(now);
    } else {
      getContext().getLog().debug("dropped a message of epoch {}", epoch);
    }
  }

  /// Not if it has ended meanwhile.
  private void ifPresent(WorldPart of, Consumer<WorldPart> action) {
    if (parts.has(of)) {
      action.accept(of);
    }
  }

  private void onAssign(Assign assign) {
    Assignment assignment = assign.assignment();
    if (parts.isOver(assignment.epoch())) {
      getContext().getLog().debug("dropped an order for a world that is over");
      return;
    }
    if (assignment.rehearses()) {
      onRehearse(assign);
      return;
    }
    WorldPart present = parts.get(WorldParts.REAL);
    if (present != null && present.is(assign)) {
      present.tellAgain();
      return;
    }
    endRehearsal("a new world is formed");
    end(WorldParts.REAL, "a new world is formed");
    endFetch();
    Optional<String> objection = objection(assignment);
    if (objection.isPresent()) {
      var refusal =
          new RootMessage.ShardRefused(assignment.epoch(), assignment.rank(), objection.get());
      assign.root().tell(refusal);
      host.listener().idle("this worker " + objection.get());
      return;
    }
    WorldPart now = new WorldPart(assign, frames, host);
    parts.begin(now);
    host.waits(now.waits);
    host.warmUp(assignment.world());
    Address here = getContext().getSystem().address();
    List<Address> ranks = assign.ranks().stream().map(shard -> shard.path().address()).toList();
    computeWait.allowSpin(host.shareCores(RankHost.ranksOn(here, ranks)));
    onComputeThread(now, () -> open(now));
  }

  private Optional<String> objection(Assignment assignment) {
    try {
      return host.objection(assignment);
    } catch (UserException | IllegalArgumentException | ArithmeticException senseless) {
      return Optional.of("can not be what it was assigned: " + senseless.getMessage());
    }
  }

  /// Nothing is fetched that this node could not load, or that is not to be kept.
  private void onFetch(Assignment part, ActorRef<RootMessage> root) {
    endFetch();
    boolean kept = part.source().keep() && !part.source().random() && !part.rehearses();
    if (!kept || objection(part).isPresent()) {
      root.tell(new RootMessage.Fetched(part.epoch(), part.rank(), false));
      return;
    }
    host.warmUp(part.world()); // who takes another's place shall be quick from the first step on
    fetch = new SliceFetch(part, host, root, frames);
  }

  private boolean fetches(long epoch) {
    return fetch != null && fetch.isOf(epoch);
  }

  private void endFetch() {
    if (fetch != null) {
      fetch.close();
      fetch = null;
    }
  }

  @Override
  protected Behavior<RankMessage> onSignal(Signal signal) {
    if (signal == PostStop.instance()) {
      endFetch();
    }
    return this;
  }

  /// Beside loading for the world that it is the rehearsal of.
  private void onRehearse(Assign assign) {
    WorldPart real = parts.get(WorldParts.REAL);
    if (real == null || assign.assignment().epoch() != Assignment.rehearsalOf(real.epoch())) {
      return; // this node has no part in that world, or no longer
    }
    if (!assign.assignment().equals(real.assignment.rehearsal())) { // whose size is limited
      Refusals.ofProcess().refused("somebody", "wants another rehearsal than there is");
      return;
    }
    if (parts.get(WorldParts.REHEARSED) != null) {
      return; // the same order twice
    }
    WorldPart now = new WorldPart(assign, frames, host.stage().host());
    parts.begin(now);
    onComputeThread(now, () -> open(now));
  }

  /// The step under way is given up.
  private void endRehearsal(String why) {
    if (end(WorldParts.REHEARSED, why)) {
      host.stage().strike();
    }
  }

  /// Whether there was anything to end.
  private boolean end(int kind, String why) {
    boolean ended = parts.end(kind, why);
    computeWait.signal();
    return ended;
  }

  /// Compute thread: the slice from what is here, or memory for what has to be sent.
  private void open(WorldPart now) {
    SliceOrigin origin = now.slice.open(source);
    if (origin == null) {
      getContext().getSelf().tell(new Opened(now, now.slice.memory()));
    } else {
      build(now, origin);
    }
  }

  /// Compute thread.
  private void build(WorldPart now, SliceOrigin origin) {
    ShardEngine engine = now.host.engine(now.assignment);
    getContext().getSelf().tell(new Built(now, engine, origin));
  }

  private void onChunk(WorldPart now, WeightChunk chunk) {
    if (!now.slice.accepts(chunk)) {
      onFailed(now, now.assignment.rank(), "got weights out of turn, at byte " + chunk.offset());
    } else if (now.slice.put(chunk)) {
      onComputeThread(
          now,
          () -> {
            now.slice.completed();
            build(now, SliceOrigin.MODEL);
          });
    }
  }

  private void onBuilt(WorldPart now, Built built) {
    if (now.exchange.failure() != null) {
      return; // of which the root may not have heard: it must not take this rank for ready
    }
    now.steps =
        new RankSteps(
            now.assignment,
            built.engine(),
            now.exchange,
            now.waits,
            computeWait,
            now.ranks,
            now.root,
            now.host.stall());
    int number = now.assignment.rank();
    now.origin = built.origin();
    now.root.tell(new RootMessage.ShardReady(now.epoch(), number, built.origin()));
    now.host.listener().ready(number, now.assignment.world().size(), built.origin());
  }

  private void onInput(WorldPart now, Input input) {
    if (parts.isRehearsed(now)) {
      endRehearsal("a step is asked for"); // the message that says so was lost
    }
    RankSteps steps = now.steps;
    if (steps == null || !steps.accepts(input)) {
      onFailed(now, now.assignment.rank(), "got a step that it can not compute: " + input);
      return;
    }
    if (!now.isNext(input.step())) {
      return; // it has come before
    }
    Runnable step = () -> host.stage().play(now.exchange, () -> steps.run(input));
    if (!isQueued(now, now.due, step)) {
      onFailed(now, now.assignment.rank(), "gets steps before it has done those before");
    }
  }

  private void onQuestion(WorldPart now, Consumer<RankSteps> answer) {
    RankSteps steps = now.steps;
    if (steps != null && !isQueued(now, now.asked, () -> answer.accept(steps))) {
      getContext().getLog().debug("dropped a question, because others wait for an answer");
    }
  }

  /// Whether the compute thread will come to what the root wants of a rank: no more than that it
  /// can be behind with.
  private boolean isQueued(WorldPart now, AtomicInteger queued, Runnable task) {
    if (queued.incrementAndGet() > MOST_DUE) {
      queued.decrementAndGet();
      return false;
    }
    onComputeThread(
        now,
        () -> {
          try {
            task.run();
          } finally {
            queued.decrementAndGet();
          }
        });
    return true;
  }

  private void onPartial(Partial partial) {
    WorldPart now = parts.ofEpoch(partial.epoch());
    if (now != null && now.exchange.put(partial)) {
      computeWait.signal();
    } else {
      frames.give(partial.values());
      getContext()
          .getLog()
          .debug("dropped a frame of round {} of epoch {}", partial.round(), partial.epoch());
    }
  }

  private void onFailed(WorldPart now, int culprit, String why) {
    now.exchange.fail(why);
    now.root.tell(new RootMessage.ShardFailed(now.epoch(), culprit, why));
  }

  private void onDissolve(WorldPart now, String why) {
    endRehearsal(why);
    if (now == parts.get(WorldParts.REAL)) {
      end(WorldParts.REAL, why);
      host.listener().idle(why);
    }
  }

  /// Runs `task` after whatever the compute thread does now; what it throws ends this rank.
  private void onComputeThread(WorldPart now, Runnable task) {
    ActorRef<RankMessage> self = getContext().getSelf();
    now.host.compute(
        () -> {
          @Nullable Failed failure = failed(now, "stopped by an internal error, see its log");
          try {
            task.run();
            failure = null;
          } catch (RankSteps.Aborted aborted) {
            failure = new Failed(now, aborted.culprit(), message(aborted));
          } catch (UserException known) {
            failure = failed(now, message(known));
          } finally {
            if (failure != null) {
              self.tell(failure);
            }
          }
        });
  }

  private static Failed failed(WorldPart now, String why) {
    return new Failed(now, now.assignment.rank(), why);
  }

  private static String message(RuntimeException failure) {
    return String.valueOf(failure.getMessage());
  }
}
