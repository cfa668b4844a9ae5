package dllama.session;

import dllama.generation.GenerationEvent;
import dllama.generation.GenerationEvent.Failed;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Interrupted;
import dllama.generation.GenerationEvent.Prefill;
import dllama.generation.GenerationEvent.Token;
import dllama.generation.GenerationRequest;
import dllama.generation.Scheduler;
import dllama.generation.Sink;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One answer, for who wants nothing but the whole of it.
public final class Answer implements Sink {
  private final Consumer<Token> tokens;
  private @Nullable Finished finished;
  private @Nullable RuntimeException failure;

  private Answer(Consumer<Token> tokens) {
    this.tokens = tokens;
  }

  /// Waits for an answer.
  ///
  /// @param tokens is told each of its tokens, on the scheduler's thread
  /// @throws dllama.step.ForwardException if the nodes were lost, and not waited for any longer
  /// @throws dllama.error.UserException for a prompt that does not fit
  public static Finished await(
      Scheduler scheduler, GenerationRequest request, Consumer<Token> tokens) {
    Answer answer = new Answer(tokens);
    scheduler.submit(request, answer).join();
    if (answer.failure != null) {
      throw answer.failure;
    }
    if (answer.finished == null) {
      throw new IllegalStateException("no ending of " + request);
    }
    return answer.finished;
  }

  @Override
  public boolean accept(GenerationEvent event) {
    switch (event) {
      case Prefill _, Interrupted _ -> {}
      case Token token -> tokens.accept(token);
      case Finished ending -> finished = ending;
      case Failed(RuntimeException cause) -> failure = cause;
    }
    return true;
  }
}
