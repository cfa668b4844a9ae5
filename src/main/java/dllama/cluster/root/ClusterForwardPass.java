package dllama.cluster.root;

import akka.actor.typed.ActorRef;
import dllama.cluster.wire.RootMessage;
import dllama.engine.StepRows;
import dllama.error.UserException;
import dllama.logits.LogitsPart;
import dllama.logits.LogitsQuestion;
import dllama.logits.RunLogits;
import dllama.model.ModelSpec;
import dllama.model.Range;
import dllama.step.ForwardException;
import dllama.step.ForwardPass;
import dllama.step.PagePool;
import dllama.step.Run;
import dllama.step.Step;
import dllama.step.StepResult;
import dllama.tensor.KvHead;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

/// The forward pass of the whole cluster: looks the input rows up, which may read the model file
/// and so is done on the caller's thread, and asks the [RootCoordinator] for the rest.
public final class ClusterForwardPass implements ForwardPass {
  /// Far beyond any step: what can go wrong in one has deadlines of its own.
  private static final Duration DEADLINE = Duration.ofMinutes(30);

  private final RootModel model;
  private final int maxBatchTokens;
  private final AtomicReference<PagePool> pool;
  private final ActorRef<RootMessage> root;
  private final StepInput input;

  /// The forward pass of a root.
  ///
  /// @param pool that of the present world
  public ClusterForwardPass(
      RootModel model,
      int maxBatchTokens,
      AtomicReference<PagePool> pool,
      ActorRef<RootMessage> root) {
    this.model = model;
    this.maxBatchTokens = maxBatchTokens;
    this.pool = pool;
    this.root = root;
    input = new StepInput(model.source(), maxBatchTokens);
  }

  @Override
  public ModelSpec spec() {
    return model.spec();
  }

  @Override
  public int contextLength() {
    return model.contextLength();
  }

  @Override
  public int maxBatchTokens() {
    return maxBatchTokens;
  }

  @Override
  public PagePool pool() {
    return Objects.requireNonNull(pool.get());
  }

  @Override
  public StepResult forward(Step step) {
    check(step);
    input.clear();
    for (Run run : step.runs()) {
      for (int token : run.tokens()) {
        input.add(token);
      }
    }
    var answer = new CompletableFuture<PendingStep.Told>();
    root.tell(new RootCoordinator.Forward(step, input.frame(), answer));
    return result(await(answer));
  }

  private StepResult result(PendingStep.Told told) {
    List<Range> vocabulary =
        IntStream.range(0, told.world().size()).mapToObj(told.world().plan()::vocabulary).toList();
    List<RunLogits> logits =
        IntStream.range(0, told.parts().size())
            .mapToObj(
                run ->
                    new RunLogits(
                        vocabulary, told.parts().get(run), question -> ask(told, run, question)))
            .toList();
    return new StepResult(logits, told.waitedNanos(), told.sentBytes(), told.receivedBytes());
  }

  private List<LogitsPart> ask(PendingStep.Told told, int run, LogitsQuestion question) {
    var answer = new CompletableFuture<List<LogitsPart>>();
    root.tell(new RootCoordinator.Ask(told.world().epoch(), told.number(), run, question, answer));
    return await(answer);
  }

  private void check(Step step) {
    int rows = step.rows();
    if (rows > maxBatchTokens || step.wantedRows() > StepRows.MAX_WANTED) {
      throw new IllegalArgumentException(
          "rows=%d wanted=%d maxBatchTokens=%d".formatted(rows, step.wantedRows(), maxBatchTokens));
    }
    for (Run run : step.runs()) {
      int end = run.position() + run.tokens().length;
      if (end > contextLength() || KvHead.pages(end) > run.pages().length) {
        throw new IllegalArgumentException(
            "end=%d contextLength=%d pages=%d".formatted(end, contextLength(), run.pages().length));
      }
      for (int token : run.tokens()) {
        if (token < 0 || token >= spec().vocabSize()) {
          throw new IllegalArgumentException(
              "token=%d vocabSize=%d".formatted(token, spec().vocabSize()));
        }
      }
    }
  }

  private static <T> T await(CompletableFuture<T> answer) {
    try {
      return answer.get(DEADLINE.toMinutes(), TimeUnit.MINUTES);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ForwardException failure) {
        throw failure;
      }
      if (e.getCause() instanceof UserException noNumbers) {
        throw noNumbers;
      }
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      throw new ForwardException("no answer from the cluster for " + DEADLINE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ForwardException("interrupted");
    }
  }
}
