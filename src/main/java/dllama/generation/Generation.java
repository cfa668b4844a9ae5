package dllama.generation;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/// A request that a [Scheduler] has taken, for whoever made it. Any thread.
public final class Generation {
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private volatile boolean cancelled;

  Generation() {}

  /// Ends the generation, wherever it is: its pages and its place are free before the next step.
  public void cancel() {
    cancelled = true;
  }

  /// Waits until the last event was delivered. An interrupt cancels the generation, and is still
  /// set afterwards.
  ///
  /// @throws RuntimeException what the sink threw, which ended the generation
  public void join() {
    boolean interrupted = false;
    while (true) {
      try {
        ended.get();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
        cancel();
      } catch (ExecutionException e) {
        throw e.getCause() instanceof RuntimeException thrown
            ? thrown
            : new CompletionException(e.getCause());
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }

  /// Runs something after its last event, on the thread that delivered that one.
  public void whenEnded(Runnable action) {
    var unused = ended.whenComplete((_, _) -> action.run());
  }

  /// Whether its last event is still to come.
  public boolean isUnderWay() {
    return !ended.isDone();
  }

  boolean isCancelled() {
    return cancelled;
  }

  void end() {
    ended.complete(null);
  }

  void end(Throwable thrown) {
    ended.completeExceptionally(thrown);
  }
}
