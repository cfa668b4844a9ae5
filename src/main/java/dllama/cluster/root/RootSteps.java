package dllama.cluster.root;

import dllama.cluster.rank.CollectiveRule;
import dllama.cluster.rank.OverlapRule;
import dllama.cluster.root.RootCoordinator.Ask;
import dllama.cluster.root.RootCoordinator.Forward;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.TensorFrame.Input;
import dllama.cluster.wire.TensorFrame.Logits;
import dllama.cluster.wire.TensorFrame.RunRows;
import dllama.cluster.wire.Traffic;
import dllama.cluster.wire.WorldSpec;
import dllama.model.NotFinite;
import dllama.step.ForwardException;
import dllama.step.PagePool;
import dllama.step.Run;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The steps of a world as the root drives them, one at a time: numbers them, sends every rank its
/// input, and answers when all is back; and questions about the latest one. Owned by
/// [RootCoordinator].
final class RootSteps {
  /// How long a step may be on its way to the compute thread, and the news of it back.
  private static final Duration IDLE = Duration.ofSeconds(2);

  /// At most so much counts between two looks: this machine may stand still, or give others the
  /// time that its threads need to hand a step on.
  private static final long LOOK = Duration.ofMillis(500).toNanos();

  private final Traffic traffic;
  private final AtomicReference<PagePool> pool;
  private final WaitShares waits = new WaitShares();
  private StepTimes times = new StepTimes();
  private @Nullable Ways ways;
  private long next;
  private @Nullable PendingStep pending;
  private @Nullable PendingQuestion question;

  /// How long a step has waited that nobody computes, as far as this node ran.
  private long idle;

  private long lookedAt = System.nanoTime();

  /// Since when the step is under way.
  private long startedAt;

  private int rows;

  /// How steps of the present world are done.
  private record Ways(CollectiveChoice collectives, OverlapRule halves) {
    static Ways of(WorldSpec world) {
      return new Ways(new CollectiveChoice(CollectiveRule.of(world)), OverlapRule.of(world));
    }
  }

  /// @param pool kept at that of the present world
  RootSteps(Traffic traffic, AtomicReference<PagePool> pool) {
    this.traffic = traffic;
    this.pool = pool;
  }

  /// A new world, whose pages are empty.
  void reset(Assignment assignment) {
    ways = Ways.of(assignment.world());
    next = 0;
    times = new StepTimes();
    waits.reset(assignment.epoch(), assignment.world().size(), System.nanoTime());
    pool.set(assignment.world().engine().pool(assignment.epoch(), assignment.world().model()));
  }

  void start(World world, Forward forward) {
    if (isBusy()) {
      forward.fail("the step before was given up and is still under way");
      return;
    }
    if (forward.step().epoch() != world.epoch()) {
      forward.fail("the cluster was formed anew and does not hold what was said before");
      return;
    }
    Ways now = Objects.requireNonNull(ways);
    List<RunRows> runs = forward.step().runs().stream().map(RootSteps::rows).toList();
    rows = forward.step().rows();
    var copies = forward.step().copies();
    var input = new Input(world.epoch(), next, false, copies, runs, forward.input());
    int first = now.halves().firstHalf(rows, input.rowsFromFirstWanted());
    // One for both halves, or one of them would have more rounds and fall behind.
    boolean scatters = now.collectives().begin(first == 0 ? rows : first);
    pending = new PendingStep(next, forward.step(), world, traffic, forward.answer());
    startedAt = System.nanoTime();
    idle = 0;
    world.tellAll(new Input(world.epoch(), next++, scatters, copies, runs, forward.input()));
  }

  private static RunRows rows(Run run) {
    return new RunRows(
        run.pages(),
        run.windows(),
        run.position(),
        run.tokens().length,
        run.state(),
        run.wanted(),
        run.adjustments());
  }

  void ask(World world, Ask ask) {
    if (isBusy() || ask.step() != next - 1) {
      ask.fail("a question about a step that is no more");
      return;
    }
    question = new PendingQuestion(world, ask);
    question.send();
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

  /// A step has come to what is no number: it fails.
  ///
  /// @param sender the rank that sent it; −1 if that is not known, or there is but one
  void strayed(long number, String where, int sender) {
    if (pending != null && pending.isNumber(number)) {
      String from =
          sender < 0 ? "" : ", by what %s computed of it,".formatted(pending.name(sender));
      pending.fail(NotFinite.at(where + from));
      pending = null;
    }
  }

  void put(Logits logits) {
    if (pending != null) {
      if (pending.put(logits)) {
        waits.logitsLate(logits.rank(), pending.waitedForLogits());
      }
      finish();
    } else if (question != null && question.put(logits)) {
      question = null;
    }
  }

  private void finish() {
    if (pending != null && pending.finish()) {
      pending = null;
      long nanos = System.nanoTime() - startedAt;
      waits.stepped(nanos);
      times.add(rows, nanos);
    }
  }

  /// Who is waited for in steps.
  WaitShares waits() {
    return waits;
  }

  /// How long steps of the present world have taken.
  StepTimes times() {
    return times;
  }

  /// Whether a step, or a question about one, is under way.
  boolean isBusy() {
    return pending != null || question != null;
  }

  /// The rank whose logits the step under way has waited for since before `deadline`, on the clock
  /// of `System.nanoTime`; −1 if there is none.
  int overdueRank(long deadline) {
    if (question != null) {
      return question.overdueRank(deadline);
    }
    return pending == null ? -1 : pending.overdueRank(deadline);
  }

  /// Whether the step under way is nobody's: rank 0 has not told that it is computed, but its
  /// compute thread has had nothing to do for [#IDLE].
  ///
  /// @param now on the clock of `System.nanoTime`
  /// @param computing whether that thread has something to do
  boolean isLost(long now, boolean computing) {
    long passed = Math.min(now - lookedAt, LOOK);
    lookedAt = now;
    idle = pending == null || pending.isComputed() || computing ? 0 : idle + passed;
    return idle > IDLE.toNanos();
  }

  /// Ends the step or question under way, if any.
  void fail(String why) {
    if (question != null) {
      question.fail(why);
      question = null;
    }
    if (pending != null) {
      pending.fail(new ForwardException(why));
      pending = null;
    }
  }
}
