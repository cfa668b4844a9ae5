package dllama.format.gguf;

import dllama.error.UserException;
import dllama.tokenizer.TokenKind;
import dllama.tokenizer.TokenTable.Frame;
import java.util.ArrayList;
import java.util.List;

/// Keys that tokenizers of all kinds have, as they are written.
final class GgufTokenList {
  private static final String PREFIX = "tokenizer.ggml.";

  /// What keys of tokens that end something are called, in the order of [Frame#eos].
  private static final List<String> ENDS = List.of("eos", "eot", "eom");

  private final List<String> names = new ArrayList<>();
  private final List<Integer> types = new ArrayList<>();

  /// Adds the next token.
  void add(String name, TokenKind kind) {
    names.add(name);
    types.add(
        switch (kind) {
          case NORMAL -> 1;
          case UNKNOWN -> 2;
          case CONTROL -> 3;
          case USER_DEFINED -> 4;
          case UNUSED -> 5;
          case BYTE -> 6;
        });
  }

  /// Writes the list.
  ///
  /// @param size tokens of the model, for which there are names then
  ///
  /// @throws UserException if the model has fewer
  void write(GgufHeaderWriter header, String model, int size) {
    if (names.size() > size) {
      throw new UserException(
          "the tokenizer has %d tokens, the model only %d; use the tokenizer made for this model"
              .formatted(names.size(), size));
    }
    for (int id = names.size(); id < size; id++) {
      add("[PAD%d]".formatted(id), TokenKind.UNUSED);
    }
    header
        .put(PREFIX + "model", model)
        .putStrings(PREFIX + "tokens", names)
        .putInts(PREFIX + "token_type", types);
  }

  /// Writes what goes around texts.
  static void write(GgufHeaderWriter header, Frame frame) {
    header.put(PREFIX + "add_bos_token", frame.addBos());
    if (frame.addEos()) {
      header.put(PREFIX + "add_eos_token", true);
    }
    if (frame.bos() >= 0) {
      header.put(PREFIX + "bos_token_id", frame.bos());
    }
    for (int i = 0; i < Math.min(ENDS.size(), frame.eos().size()); i++) {
      header.put(PREFIX + ENDS.get(i) + "_token_id", frame.eos().get(i));
    }
    if (frame.chatTemplate() != null) {
      header.put("tokenizer.chat_template", frame.chatTemplate());
    }
  }
}
