package dllama.cluster;

import dllama.cluster.RootCoordinator.Forward;
import dllama.cluster.TensorFrame.Input;
import dllama.cluster.TensorFrame.Logits;
import dllama.error.UserException;
import dllama.model.Batch;
import dllama.model.ForwardException;
import dllama.shard.LogitsGathering;
import dllama.shard.NotFinite;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The steps of a world as the root drives them, one at a time: numbers them, sends every rank its
/// input, and answers when all is back. Owned by [RootCoordinator].
final class RootSteps {
  private final Traffic traffic;
  private final AtomicInteger cachedPositions;
  private @Nullable Ways ways;
  private long next;
  private @Nullable PendingStep pending;

  /// Position of the step's first token.
  private int firstPosition;

  /// Since when the step is under way.
  private long startedAt;

  /// How steps of the present world are done.
  private record Ways(LogitsGathering gathering, CollectiveChoice collectives, OverlapRule halves) {
    static Ways of(Assignment assignment) {
      return new Ways(
          LogitsGathering.of(assignment.plan()),
          new CollectiveChoice(CollectiveRule.of(assignment)),
          OverlapRule.of(assignment));
    }
  }

  /// @param cachedPositions kept at the number of positions, from 0 on, that the present world has
  ///     been fed
  RootSteps(Traffic traffic, AtomicInteger cachedPositions) {
    this.traffic = traffic;
    this.cachedPositions = cachedPositions;
  }

  /// A new world, whose cache is empty.
  void reset(Assignment assignment) {
    ways = Ways.of(assignment);
    next = 0;
    cachedPositions.set(0);
  }

  void start(World world, Forward forward) {
    Batch batch = forward.batch();
    if (pending != null) {
      forward.fail("the step before was given up and is still under way");
      return;
    }
    if (batch.position() > cachedPositions.get()) {
      forward.fail("the cluster was formed anew and does not hold what was said before");
      return;
    }
    int tokens = batch.tokens().length;
    firstPosition = batch.position();
    cachedPositions.accumulateAndGet(batch.position() + tokens, Math::max);
    Ways now = Objects.requireNonNull(ways);
    int first = now.halves().firstHalf(tokens, batch.wanted().rows());
    // One for both halves, or one of them would have more rounds and fall behind.
    boolean scatters = now.collectives().begin(first == 0 ? tokens : first);
    long number = next++;
    pending = new PendingStep(number, batch, world, now.gathering(), traffic, forward.answer());
    startedAt = System.nanoTime();
    world.tellAll(
        new Input(
            world.epoch(),
            number,
            batch.position(),
            tokens,
            scatters,
            batch.wanted(),
            forward.input()));
  }

  /// A rank has computed step `number`; rank 0 knows how long it waited for partials.
  void computed(int rank, long number, long waitedNanos) {
    if (pending != null && rank == 0) {
      if (pending.computed(number, waitedNanos)) {
        Objects.requireNonNull(ways).collectives().end(System.nanoTime() - startedAt);
      }
      finish();
    }
  }

  /// A step has come to what is no number: it fails, and the cache has nothing of it.
  void strayed(long number, String where) {
    if (pending != null && pending.isNumber(number)) {
      pending.fail(NotFinite.at(where));
      giveUp();
    }
  }

  private void giveUp() {
    pending = null;
    cachedPositions.accumulateAndGet(firstPosition, Math::min);
  }

  void put(Logits logits) {
    if (pending != null) {
      pending.put(logits);
      finish();
    }
  }

  private void finish() {
    try {
      if (pending != null && pending.finish()) {
        pending = null;
      }
    } catch (UserException noNumbers) {
      Objects.requireNonNull(pending).fail(noNumbers);
      giveUp();
    }
  }

  /// The rank whose logits the step under way has waited for since before `deadline`, on the clock
  /// of `System.nanoTime`; −1 if there is none.
  int overdueRank(long deadline) {
    return pending == null ? -1 : pending.overdueRank(deadline);
  }

  /// Ends the step under way, if any.
  void fail(String why) {
    if (pending != null) {
      pending.fail(new ForwardException(why));
      pending = null;
    }
  }
}
