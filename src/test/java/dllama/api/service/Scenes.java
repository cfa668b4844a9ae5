package dllama.api.service;

import dllama.api.service.AnswerEvent.Finish;
import dllama.generation.Usage;
import java.util.List;
import java.util.Optional;

/// Answers as they come, without a model.
public final class Scenes {
  /// Of 40 tokens of a prompt 30 were cached; of 12 tokens 4 were thoughts.
  public static final AnswerUsage USAGE =
      new AnswerUsage(
          40,
          4,
          9_000_000,
          new Usage(
              30, 10, 2_000_000, 12, 11, 11, 6_000_000, 500_000, 0, 0, 0, new Usage.Guesses(0, 0)));

  private Scenes() {}

  /// A thought, a text, and two calls.
  public static List<AnswerEvent> calls() {
    return List.of(
        new AnswerEvent.Reading(10, 10),
        new AnswerEvent.Reasoning("Hm", List.of()),
        new AnswerEvent.Reasoning("m.", List.of()),
        new AnswerEvent.Content("Let me ", List.of()),
        new AnswerEvent.Content("see.", List.of()),
        new AnswerEvent.CallBegin(0, "call_0a", "weather"),
        new AnswerEvent.CallArguments(0, "{\"city\":"),
        new AnswerEvent.CallArguments(0, "\"Oslo\"}"),
        new AnswerEvent.CallBegin(1, "call_1b", "clock"),
        new AnswerEvent.CallArguments(1, "{}"),
        ended(Finish.CALLS));
  }

  /// The end.
  public static AnswerEvent ended(Finish finish) {
    return new AnswerEvent.Ended(finish, Optional.empty(), USAGE);
  }

  /// The end by a stop text.
  public static AnswerEvent stopped(String at) {
    return new AnswerEvent.Ended(Finish.STOP, Optional.of(at), USAGE);
  }
}
