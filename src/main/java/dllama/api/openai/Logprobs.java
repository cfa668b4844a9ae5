package dllama.api.openai;

import dllama.api.service.AnswerEvent.Alternative;
import dllama.api.service.AnswerEvent.TokenInfo;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Log probabilities, in the forms of chats and of completions.
final class Logprobs {
  private final Vocabulary vocabulary;

  Logprobs(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  /// Those of a chat.
  Map<String, Object> ofChat(List<TokenInfo> tokens) {
    List<Object> content = new ArrayList<>();
    for (TokenInfo token : tokens) {
      Map<String, Object> entry = entry(token.id(), token.logprob());
      entry.put("top_logprobs", token.top().stream().map(this::entry).toList());
      content.add(entry);
    }
    return Map.of("content", content);
  }

  private Map<String, Object> entry(Alternative token) {
    return entry(token.id(), token.logprob());
  }

  private Map<String, Object> entry(int id, float logprob) {
    byte[] piece = vocabulary.pieces()[id];
    int[] bytes = new int[piece.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = piece[i] & 0xFF;
    }
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("token", vocabulary.text(id));
    entry.put("logprob", finite(logprob));
    entry.put("bytes", bytes);
    return entry;
  }

  /// JSON has no infinity.
  private static float finite(float logprob) {
    return Math.max(logprob, -9999);
  }

  /// Those of a completion.
  ///
  /// @param offset of the first token in the text, in characters
  Map<String, Object> ofCompletion(List<TokenInfo> tokens, int offset) {
    List<String> names = new ArrayList<>();
    List<Float> logprobs = new ArrayList<>();
    List<Map<String, Float>> top = new ArrayList<>();
    List<Integer> offsets = new ArrayList<>();
    int at = offset;
    for (TokenInfo token : tokens) {
      String name = vocabulary.text(token.id());
      names.add(name);
      logprobs.add(finite(token.logprob()));
      Map<String, Float> best = new LinkedHashMap<>();
      token.top().forEach(t -> best.putIfAbsent(vocabulary.text(t.id()), finite(t.logprob())));
      top.add(best);
      offsets.add(at);
      at += name.length();
    }
    return Map.of(
        "tokens", names, "token_logprobs", logprobs, "top_logprobs", top, "text_offset", offsets);
  }
}
