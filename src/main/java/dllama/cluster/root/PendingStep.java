package dllama.cluster.root;

import dllama.cluster.wire.TensorFrame.Logits;
import dllama.cluster.wire.Traffic;
import dllama.logits.LogitsCheck;
import dllama.logits.LogitsPart;
import dllama.logits.LogitsWanted;
import dllama.step.Run;
import dllama.step.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// A step under way, as [RootCoordinator] sees it: done when rank 0 has computed it, and every rank
/// has told what is wanted of it. What becomes of them is the caller's business.
final class PendingStep {
  private final long number;
  private final World world;
  private final List<LogitsWanted> wanted;
  private final CompletableFuture<Told> answer;
  private final Traffic traffic;
  private final long sentBefore;
  private final long receivedBefore;

  /// By run, then by rank.
  private final @Nullable LogitsPart[][] parts;

  private int missing;
  private long waitedNanos = -1;
  private long computedAt;

  /// What a step gave.
  ///
  /// @param number of the step, by which ranks can be asked for more
  /// @param parts by run, then by rank, of those that tell something
  record Told(
      World world,
      long number,
      List<List<LogitsPart>> parts,
      long waitedNanos,
      long sentBytes,
      long receivedBytes) {}

  PendingStep(
      long number, Step step, World world, Traffic traffic, CompletableFuture<Told> answer) {
    this.number = number;
    this.world = world;
    this.traffic = traffic;
    this.answer = answer;
    wanted = step.runs().stream().map(Run::wanted).toList();
    parts = new LogitsPart[wanted.size()][];
    for (int run = 0; run < parts.length; run++) {
      parts[run] = new LogitsPart[wanted.get(run).tellers(world.size())];
      missing += parts[run].length;
    }
    sentBefore = traffic.sentBytes();
    receivedBefore = traffic.receivedBytes();
  }

  /// Takes a rank's part of the logits of a run; ignores what can not belong to this step.
  ///
  /// @return whether it belongs to it
  boolean put(Logits logits) {
    int run = logits.run();
    if (logits.step() == number
        && run >= 0
        && run < parts.length
        && logits.rank() < parts[run].length
        && parts[run][logits.rank()] == null
        && LogitsCheck.fits(
            logits.part(),
            wanted.get(run),
            world.plan().vocabulary(logits.rank()),
            world.plan().spec().dim())) {
      parts[run][logits.rank()] = logits.part();
      missing--;
      return true;
    }
    return false;
  }

  /// Rank 0 has computed step `step`, and waited for partials so long.
  ///
  /// @return false if that is another step, or was known already
  boolean computed(long step, long nanos) {
    if (step != number || waitedNanos >= 0) {
      return false;
    }
    waitedNanos = nanos;
    computedAt = System.nanoTime();
    return true;
  }

  /// Answers if all is here.
  ///
  /// @throws UserException if the logits are no numbers
  boolean finish() {
    if (waitedNanos < 0 || missing > 0) {
      return false;
    }
    long waited = waitedNanos;
    if (world.size() > 1) {
      waited += System.nanoTime() - computedAt; // for logits
    }
    long sent = traffic.sentBytes() - sentBefore;
    long received = traffic.receivedBytes() - receivedBefore;
    List<List<LogitsPart>> all = new ArrayList<>();
    for (@Nullable LogitsPart[] run : parts) {
      all.add(List.of(run));
    }
    answer.complete(new Told(world, number, all, waited, sent, received));
    return true;
  }

  /// The rank that has kept this step waiting for its logits since before `deadline`; −1 if none
  /// has. Partials have a deadline of their own in `RankSteps`.
  int overdueRank(long deadline) {
    if (waitedNanos >= 0 && computedAt - deadline < 0) {
      for (@Nullable LogitsPart[] run : parts) {
        for (int rank = 0; rank < run.length; rank++) {
          if (run[rank] == null) {
            return rank;
          }
        }
      }
    }
    return -1;
  }

  /// Time since rank 0 has computed it; 0 before.
  long waitedForLogits() {
    return isComputed() ? System.nanoTime() - computedAt : 0;
  }

  /// Whether rank 0 has computed it.
  boolean isComputed() {
    return waitedNanos >= 0;
  }

  /// How the user knows a rank.
  String name(int rank) {
    return world.name(rank);
  }

  boolean isNumber(long step) {
    return step == number;
  }

  void fail(RuntimeException why) {
    answer.completeExceptionally(why);
  }
}
