package dllama.cluster;

import akka.actor.typed.ActorRef;
import dllama.error.UserException;
import dllama.model.Batch;
import dllama.model.ForwardException;
import dllama.model.ForwardPass;
import dllama.model.ModelSpec;
import dllama.model.Step;
import dllama.shard.Embedding;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/// The forward pass of the whole cluster: looks the input rows up, which may read the model file
/// and so is done on the caller's thread, and asks the [RootCoordinator] for the rest.
final class ClusterForwardPass implements ForwardPass {
  /// Far beyond any step: what can go wrong in one has deadlines of its own.
  private static final Duration DEADLINE = Duration.ofMinutes(30);

  private final RootModel model;
  private final int maxBatchTokens;
  private final AtomicInteger cachedPositions;
  private final ActorRef<RootCoordinator.Command> root;
  private final Embedding embedding;
  private final float[] rows;
  private final FrameBuffer input;

  ClusterForwardPass(
      RootModel model,
      int maxBatchTokens,
      AtomicInteger cachedPositions,
      ActorRef<RootCoordinator.Command> root) {
    this.model = model;
    this.maxBatchTokens = maxBatchTokens;
    this.cachedPositions = cachedPositions;
    this.root = root;
    embedding = Embedding.of(model.source());
    rows = new float[maxBatchTokens * spec().dim()];
    input = new FrameBuffer(rows.length * Float.BYTES);
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
  public int cachedPositions() {
    return cachedPositions.get();
  }

  @Override
  public Step forward(Batch batch) {
    check(batch);
    for (int token = 0; token < batch.tokens().length; token++) {
      embedding.row(batch.tokens()[token], rows, token * spec().dim());
    }
    InputRows.write(rows, batch.tokens().length * spec().dim(), input);
    var answer = new CompletableFuture<Step>();
    root.tell(new RootCoordinator.Forward(batch, input, answer));
    return await(answer);
  }

  private void check(Batch batch) {
    int tokens = batch.tokens().length;
    if (tokens < 1
        || tokens > maxBatchTokens
        || batch.wanted().rows() > tokens
        || batch.position() < 0
        || batch.position() > contextLength() - tokens) {
      throw new IllegalArgumentException(
          "tokens=%d position=%d for maxBatchTokens=%d contextLength=%d"
              .formatted(tokens, batch.position(), maxBatchTokens, contextLength()));
    }
    for (int token : batch.tokens()) {
      if (token < 0 || token >= spec().vocabSize()) {
        throw new IllegalArgumentException(
            "token=%d vocabSize=%d".formatted(token, spec().vocabSize()));
      }
    }
  }

  private static Step await(CompletableFuture<Step> answer) {
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
