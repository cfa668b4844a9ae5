package dllama.api.service;

import dllama.api.http.ApiException;
import java.util.List;
import java.util.Optional;

/// What happens while an answer is made, in order; the last one is [Ended] or [Failed].
public sealed interface AnswerEvent {
  /// Some of the prompt was read: `done` of `total` tokens that were not cached.
  record Reading(int done, int total) implements AnswerEvent {}

  /// Nodes were lost, and others are waited for; then it goes on where it stopped.
  ///
  /// @param why one line for the user
  record Interrupted(String why) implements AnswerEvent {}

  /// What the model thinks before it answers.
  record Reasoning(String text, List<TokenInfo> tokens) implements AnswerEvent {}

  /// What it answers.
  ///
  /// @param tokens that this text is of, as far as log probabilities are wanted
  record Content(String text, List<TokenInfo> tokens) implements AnswerEvent {}

  /// It begins to call a function.
  ///
  /// @param index 0 for the first call of the answer
  /// @param id that the result is to be given with
  record CallBegin(int index, String id, String name) implements AnswerEvent {}

  /// More of a call's arguments, which together are a JSON object.
  record CallArguments(int index, String json) implements AnswerEvent {}

  /// The answer is complete.
  ///
  /// @param stop the stop text that ended it, if one of the request's did
  record Ended(Finish finish, Optional<String> stop, AnswerUsage usage) implements AnswerEvent {}

  /// There is no answer, or no more of it.
  record Failed(ApiException why) implements AnswerEvent {}

  /// Why an answer ended.
  enum Finish {
    STOP,
    LENGTH,
    CALLS,
    CANCELLED
  }

  /// A token of the answer, and how probable the model held it.
  record TokenInfo(int id, float logprob, List<Alternative> top) {}

  /// A token that the model held for probable.
  record Alternative(int id, float logprob) {}
}
