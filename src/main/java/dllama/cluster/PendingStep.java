package dllama.cluster;

import dllama.cluster.TensorFrame.Logits;
import dllama.model.Batch;
import dllama.model.ForwardException;
import dllama.model.Step;
import dllama.shard.LogitsGathering;
import dllama.shard.LogitsQuestion;
import java.util.concurrent.CompletableFuture;

/// A step under way, as [RootCoordinator] sees it: done when rank 0 has computed it and, if
/// anything is wanted of the logits, every rank has told its part. Where that does not suffice for
/// a choice, ranks are asked what it takes.
final class PendingStep {
  private final long number;
  private final World world;
  private final LogitsGathering gathering;
  private final CompletableFuture<Step> answer;
  private final Traffic traffic;
  private final long sentBefore;
  private final long receivedBefore;
  private long waitedNanos = -1;
  private long computedAt;

  /// Since when this step has waited for logits, once it is computed.
  private long waitingSince;

  PendingStep(
      long number,
      Batch batch,
      World world,
      LogitsGathering gathering,
      Traffic traffic,
      CompletableFuture<Step> answer) {
    this.number = number;
    this.world = world;
    this.gathering = gathering;
    this.traffic = traffic;
    this.answer = answer;
    gathering.begin(batch);
    sentBefore = traffic.sentBytes();
    receivedBefore = traffic.receivedBytes();
  }

  /// Takes a rank's part of the logits; ignores what can not belong to this step.
  void put(Logits logits) {
    if (logits.step() == number) {
      gathering.put(logits.rank(), logits.part());
    }
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
    waitingSince = computedAt;
    return true;
  }

  /// Answers if all is here.
  boolean finish() {
    if (waitedNanos < 0 || gathering.missingRank() >= 0) {
      return false;
    }
    long waited = waitedNanos;
    if (world.size() > 1) {
      waited += System.nanoTime() - computedAt; // for logits
    }
    if (!gathering.choose()) {
      waitingSince = System.nanoTime();
      ask(gathering.question());
      return false;
    }
    long sent = traffic.sentBytes() - sentBefore;
    long received = traffic.receivedBytes() - receivedBefore;
    answer.complete(new Step(gathering.logits(), gathering.chosen(), waited, sent, received));
    return true;
  }

  private void ask(LogitsQuestion question) {
    switch (question) {
      case LogitsQuestion.Everything _ ->
          world.tellAll(new LayerShard.AllLogits(world.epoch(), number));
      case LogitsQuestion.Walk walk ->
          world.tell(walk.rank(), new LayerShard.WalkLogits(world.epoch(), number, walk));
    }
  }

  /// The rank that has kept this step waiting for its logits since before `deadline`; −1 if none
  /// has. Partials have a deadline of their own in [ShardSteps].
  int overdueRank(long deadline) {
    return waitedNanos >= 0 && waitingSince - deadline < 0 ? gathering.missingRank() : -1;
  }

  void fail(String why) {
    answer.completeExceptionally(new ForwardException(why));
  }
}
