package dllama.cluster;

import dllama.cluster.TensorFrame.LogitsSlice;
import dllama.model.Batch;
import dllama.model.ForwardException;
import dllama.model.Step;
import dllama.shard.ShardPlan;
import java.util.concurrent.CompletableFuture;

/// A step under way, as [RootCoordinator] sees it: done when rank 0 has computed it and, if logits
/// were asked for, every rank's slice of them is here.
final class PendingStep {
  private final long number;
  private final Batch batch;
  private final ShardPlan plan;
  private final float[] logits;
  private final CompletableFuture<Step> answer;
  private final boolean[] have;
  private final Traffic traffic;
  private final long sentBefore;
  private final long receivedBefore;
  private long waitedNanos = -1;
  private long computedAt;

  PendingStep(
      long number,
      Batch batch,
      ShardPlan plan,
      float[] logits,
      Traffic traffic,
      CompletableFuture<Step> answer) {
    this.number = number;
    this.batch = batch;
    this.plan = plan;
    this.logits = logits;
    this.traffic = traffic;
    this.answer = answer;
    have = new boolean[plan.worldSize()];
    sentBefore = traffic.sentBytes.get();
    receivedBefore = traffic.receivedBytes.get();
  }

  /// Takes a rank's logits; ignores what can not belong to this step.
  void put(LogitsSlice slice) {
    int rank = slice.rank();
    if (slice.step() != number
        || !batch.logits()
        || rank < 0
        || rank >= have.length
        || have[rank]) {
      return;
    }
    ShardPlan.Range rows = plan.vocabulary(rank);
    if (slice.values().length != rows.size()) {
      return;
    }
    System.arraycopy(slice.values(), 0, logits, rows.from(), rows.size());
    have[rank] = true;
  }

  /// Rank 0 has computed step `step`, and waited for partials so long.
  void computed(long step, long nanos) {
    if (step == number) {
      waitedNanos = nanos;
      computedAt = System.nanoTime();
    }
  }

  /// Answers if all is here.
  boolean finish() {
    if (waitedNanos < 0 || (batch.logits() && missingRank() >= 0)) {
      return false;
    }
    long waited = waitedNanos;
    if (plan.worldSize() > 1) {
      waited += System.nanoTime() - computedAt; // for logits
    }
    long sent = traffic.sentBytes.get() - sentBefore;
    long received = traffic.receivedBytes.get() - receivedBefore;
    answer.complete(
        batch.logits()
            ? Step.chosen(batch, logits, waited, sent, received)
            : Step.silent(waited, sent, received));
    return true;
  }

  /// The rank that has kept this step waiting for its logits since before `deadline`; −1 if none
  /// has. Partials have a deadline of their own in [ShardSteps].
  int overdueRank(long deadline) {
    return waitedNanos >= 0 && computedAt - deadline < 0 ? missingRank() : -1;
  }

  private int missingRank() {
    for (int rank = 0; rank < have.length; rank++) {
      if (!have[rank]) {
        return rank;
      }
    }
    return -1;
  }

  void fail(String why) {
    answer.completeExceptionally(new ForwardException(why));
  }
}
