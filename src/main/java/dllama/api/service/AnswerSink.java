package dllama.api.service;

import dllama.api.http.ApiException;
import dllama.api.service.AnswerEvent.Alternative;
import dllama.api.service.AnswerEvent.Finish;
import dllama.api.service.AnswerEvent.TokenInfo;
import dllama.generation.GenerationEvent;
import dllama.generation.GenerationEvent.Failed;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Interrupted;
import dllama.generation.GenerationEvent.Prefill;
import dllama.generation.GenerationEvent.Reason;
import dllama.generation.GenerationEvent.Token;
import dllama.generation.Sink;
import dllama.generation.Usage;
import dllama.logits.TokenLogprobs;
import dllama.reply.ReplyParser;
import dllama.reply.ReplyPart;
import dllama.session.ChatPrompts;
import dllama.step.ForwardException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Makes of the tokens of an answer what its caller is told. On the scheduler's thread.
final class AnswerSink implements Sink {
  private final Ask ask;
  private final int promptTokens;
  private final @Nullable ReplyParser parser;
  private final long asked;
  private final Predicate<AnswerEvent> sink;
  private final Runnable ended;

  /// Tokens whose text was not told yet.
  private List<TokenInfo> pending = new ArrayList<>();

  private int thought;
  private int calls;
  private boolean wanted = true;

  /// The one call that the answer may have is complete.
  private boolean called;

  AnswerSink(
      Ask ask,
      ChatPrompts.Prompt prompt,
      @Nullable ReplyParser parser,
      long asked,
      Predicate<AnswerEvent> sink,
      Runnable ended) {
    this.ask = ask;
    this.promptTokens = prompt.tokens().length;
    this.parser = parser;
    this.asked = asked;
    this.sink = sink;
    this.ended = ended;
  }

  @Override
  public boolean accept(GenerationEvent event) {
    switch (event) {
      case Prefill(int done, int total) -> tell(new AnswerEvent.Reading(done, total));
      case Interrupted(String why) -> tell(new AnswerEvent.Interrupted(why));
      case Token(int id, String text, TokenLogprobs logprobs) -> token(id, text, logprobs);
      case Finished(Reason reason, Usage usage, Optional<String> stop) ->
          finish(reason, usage, stop);
      case Failed(RuntimeException cause) -> fail(cause);
    }
    return wanted && !called;
  }

  private void token(int id, String text, @Nullable TokenLogprobs logprobs) {
    if (logprobs != null) {
      pending.add(
          new TokenInfo(
              id,
              logprobs.chosen(),
              logprobs.top().stream()
                  .map(entry -> new Alternative(entry.token(), entry.logprob()))
                  .toList()));
    }
    if (parser != null) {
      parser.acceptToken(id, text, this::part);
      thought += parser.isReasoning() ? 1 : 0;
    } else if (!text.isEmpty()) {
      tell(new AnswerEvent.Content(text, takePending()));
    }
  }

  private void part(ReplyPart part) {
    switch (part) {
      case ReplyPart.Reasoning(String text) -> tell(new AnswerEvent.Reasoning(text, takePending()));
      case ReplyPart.Content(String text) -> tell(new AnswerEvent.Content(text, takePending()));
      case ReplyPart.ToolCallBegin(int index, String name) -> {
        calls++;
        tell(new AnswerEvent.CallBegin(index, newCallId(), name));
      }
      case ReplyPart.ToolCallArguments(int index, String json) ->
          tell(new AnswerEvent.CallArguments(index, json));
      case ReplyPart.ToolCallEnd _ -> called = !ask.tools().parallel();
      case ReplyPart.ToolCallBroken _ -> {} // what follows is text
    }
  }

  private static String newCallId() {
    return "call_" + UUID.randomUUID().toString().replace("-", "").substring(0, 24);
  }

  private List<TokenInfo> takePending() {
    List<TokenInfo> taken = pending;
    pending = new ArrayList<>();
    return taken;
  }

  private void finish(Reason reason, Usage usage, Optional<String> stop) {
    if (parser != null && !called) {
      parser.finish(this::part);
    }
    if (!pending.isEmpty()) {
      tell(new AnswerEvent.Content("", takePending())); // of the end token
    }
    Finish finish =
        switch (reason) {
          case STOP -> calls > 0 ? Finish.CALLS : Finish.STOP;
          case LENGTH, CONTEXT -> Finish.LENGTH;
          case CANCELLED -> called ? Finish.CALLS : Finish.CANCELLED;
        };
    AnswerUsage told = new AnswerUsage(promptTokens, thought, System.nanoTime() - asked, usage);
    end(new AnswerEvent.Ended(finish, stop.filter(ask.stops()::contains), told));
  }

  private void fail(RuntimeException cause) {
    ApiException why =
        cause instanceof ForwardException lost
            ? Answerer.unavailable(lost)
            : ApiException.of(500, String.valueOf(cause.getMessage()), "", "model_error");
    end(new AnswerEvent.Failed(why));
  }

  private void end(AnswerEvent event) {
    ended.run();
    tell(event);
  }

  private void tell(AnswerEvent event) {
    wanted = sink.test(event) && wanted;
  }
}
