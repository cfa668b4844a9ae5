package dllama.generation;

import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Token;
import dllama.step.ForwardPass;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// The events of a generation, kept.
final class Answers implements Sink {
  final List<GenerationEvent> events = new CopyOnWriteArrayList<>();

  @Override
  public boolean accept(GenerationEvent event) {
    events.add(event);
    return true;
  }

  List<Token> tokens() {
    return events.stream().filter(Token.class::isInstance).map(Token.class::cast).toList();
  }

  List<Integer> ids() {
    return tokens().stream().map(Token::id).toList();
  }

  String text() {
    return String.join("", tokens().stream().map(Token::text).toList());
  }

  GenerationEvent ending() {
    return events.getLast();
  }

  Finished finished() {
    if (ending() instanceof Finished finished) {
      return finished;
    }
    throw new AssertionError("not finished: " + events);
  }

  /// Answers one request after the other, with what is cached of the earlier ones.
  static List<Answers> of(
      ForwardPass forwardPass, Vocabulary vocabulary, GenerationRequest... requests) {
    List<Answers> all = new ArrayList<>();
    try (Scheduler scheduler = new Scheduler(forwardPass, vocabulary, 1)) {
      for (GenerationRequest request : requests) {
        Answers answer = new Answers();
        scheduler.submit(request, answer).join();
        all.add(answer);
      }
    }
    return all;
  }
}
