package dllama.cluster.root;

import dllama.cluster.root.RootCoordinator.Ask;
import dllama.cluster.wire.TensorFrame.Logits;
import dllama.cluster.wire.TensorFrame.Question;
import dllama.logits.LogitsCheck;
import dllama.logits.LogitsPart;
import dllama.logits.LogitsQuestion;
import dllama.step.ForwardException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A question about the logits of the latest step, as [RootCoordinator] sees it: answered when all
/// ranks that it is for have told.
final class PendingQuestion {
  private final World world;
  private final Ask ask;
  private final int firstRank;
  private final @Nullable LogitsPart[] parts;
  private final long since = System.nanoTime();

  PendingQuestion(World world, Ask ask) {
    this.world = world;
    this.ask = ask;
    firstRank = ask.question() instanceof LogitsQuestion.Walk walk ? walk.rank() : 0;
    parts = new LogitsPart[ask.question() instanceof LogitsQuestion.Walk ? 1 : world.size()];
  }

  void send() {
    for (int i = 0; i < parts.length; i++) {
      int rank = firstRank + i;
      var question = ask.question().to(world.plan().vocabulary(rank));
      world.tell(rank, new Question(world.epoch(), ask.step(), ask.run(), question));
    }
  }

  /// Takes an answer; ignores what is none.
  ///
  /// @return whether all is here, and the answer given
  boolean put(Logits logits) {
    int at = logits.rank() - firstRank;
    if (logits.step() == ask.step()
        && logits.run() == ask.run()
        && at >= 0
        && at < parts.length
        && parts[at] == null
        && LogitsCheck.fits(
            logits.part(), ask.question(), world.plan().vocabulary(logits.rank()))) {
      parts[at] = logits.part();
    }
    if (missingRank() >= 0) {
      return false;
    }
    ask.answer().complete(List.of(parts));
    return true;
  }

  private int missingRank() {
    for (int i = 0; i < parts.length; i++) {
      if (parts[i] == null) {
        return firstRank + i;
      }
    }
    return -1;
  }

  /// The rank that has not answered since before `deadline`; −1 if none.
  int overdueRank(long deadline) {
    return since - deadline < 0 ? missingRank() : -1;
  }

  void fail(String why) {
    ask.answer().completeExceptionally(new ForwardException(why));
  }
}
