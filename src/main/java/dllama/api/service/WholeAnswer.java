package dllama.api.service;

import dllama.api.http.ApiException;
import dllama.api.service.AnswerEvent.TokenInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// An answer for callers who want nothing but the whole of it.
public final class WholeAnswer implements Predicate<AnswerEvent> {
  private final StringBuilder reasoning = new StringBuilder();
  private final StringBuilder content = new StringBuilder();
  private final List<Call> calls = new ArrayList<>();
  private final List<TokenInfo> tokens = new ArrayList<>();
  private AnswerEvent.@Nullable Ended ended;
  private @Nullable ApiException failure;

  /// A call of a function.
  ///
  /// @param arguments a JSON object
  public record Call(String id, String name, StringBuilder arguments) {}

  @Override
  public boolean test(AnswerEvent event) {
    switch (event) {
      case AnswerEvent.Reading _, AnswerEvent.Interrupted _ -> {}
      case AnswerEvent.Reasoning(String text, List<TokenInfo> of) -> {
        reasoning.append(text);
        tokens.addAll(of);
      }
      case AnswerEvent.Content(String text, List<TokenInfo> of) -> {
        content.append(text);
        tokens.addAll(of);
      }
      case AnswerEvent.CallBegin(int _, String id, String name) ->
          calls.add(new Call(id, name, new StringBuilder()));
      case AnswerEvent.CallArguments(int index, String json) ->
          calls.get(index).arguments.append(json);
      case AnswerEvent.Ended end -> ended = end;
      case AnswerEvent.Failed(ApiException why) -> failure = why;
    }
    return true;
  }

  /// @throws ApiException if it was not completed
  void check() {
    if (failure != null) {
      throw failure;
    }
  }

  public String reasoning() {
    return reasoning.toString();
  }

  public String content() {
    return content.toString();
  }

  public List<Call> calls() {
    return calls;
  }

  /// Of the whole answer, where log probabilities are wanted.
  public List<TokenInfo> tokens() {
    return tokens;
  }

  /// How it ended.
  public AnswerEvent.Ended ended() {
    if (ended == null) {
      throw new IllegalStateException("the answer has no end");
    }
    return ended;
  }
}
