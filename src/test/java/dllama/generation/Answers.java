package dllama.generation;

import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Token;
import dllama.sampling.Sampler;
import dllama.step.ForwardPass;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/// The events of a generation, kept.
final class Answers implements Sink {
  /// Token 0 is "a", 25 is "z"; tokens from 26 on are one byte of "é" each, in turn.
  static final Vocabulary ALPHABET = vocabulary();

  final List<GenerationEvent> events = new CopyOnWriteArrayList<>();

  private static Vocabulary vocabulary() {
    byte[][] pieces = new byte[64][];
    byte[] accent = "é".getBytes(StandardCharsets.UTF_8);
    for (int id = 0; id < pieces.length; id++) {
      pieces[id] = new byte[] {id < 26 ? (byte) ('a' + id) : accent[id % 2]};
    }
    return new Vocabulary(pieces, new float[64], -1, List.of(), false, null);
  }

  /// A greedy request.
  static GenerationRequest request(int maxTokens, int... prompt) {
    return new GenerationRequest(prompt, maxTokens, new Sampler.Greedy(), Set.of(), List.of());
  }

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
