package dllama.api.service;

import dllama.api.http.ApiException;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How a model is asked for what stands between two texts: by tokens that its vocabulary has for
/// that. Immutable.
public final class Infill {
  /// Names of the tokens before the prefix, the suffix and the middle, of the families that have
  /// them: Qwen, StarCoder and SmolLM, CodeLlama, DeepSeek, Codestral-like ones.
  private static final List<List<String>> FAMILIES =
      List.of(
          List.of("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
          List.of("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
          List.of("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),
          List.of("<PRE>", "<SUF>", "<MID>"),
          List.of("▁<PRE>", "▁<SUF>", "▁<MID>"),
          List.of("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"));

  private final @Nullable List<String> names;

  public Infill(Vocabulary vocabulary) {
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < vocabulary.size(); id++) {
      if (vocabulary.pieces()[id].length > 4) {
        ids.put(vocabulary.text(id), id);
      }
    }
    names =
        FAMILIES.stream()
            .filter(family -> family.stream().allMatch(ids::containsKey))
            .findFirst()
            .orElse(null);
  }

  /// Whether the model can be asked so.
  public boolean possible() {
    return names != null;
  }

  /// What the model reads.
  ///
  /// @throws ApiException if it can not be asked so
  public Ask.Prompt prompt(String before, String after) {
    if (names == null) {
      throw ApiException.bad("suffix", "is not possible: this model has no tokens for it");
    }
    return new Ask.Prompt.Parts(
        new ArrayList<>(
            List.of(
                new Ask.Piece(names.get(0), false),
                new Ask.Piece(before, true),
                new Ask.Piece(names.get(1), false),
                new Ask.Piece(after, true),
                new Ask.Piece(names.get(2), false))));
  }
}
