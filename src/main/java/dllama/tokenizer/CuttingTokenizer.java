package dllama.tokenizer;

import java.util.BitSet;
import java.util.stream.IntStream;

/// What tokenizers of GGUF files and Hugging Face folders have in common: first special tokens are
/// found, then what is between them is encoded. Immutable.
abstract class CuttingTokenizer implements Tokenizer {
  private final Vocabulary vocabulary;
  private final SpecialTokens specialTokens;
  private final boolean addEos;

  CuttingTokenizer(Vocabulary vocabulary, SpecialTokens specialTokens, boolean addEos) {
    this.vocabulary = vocabulary;
    this.specialTokens = specialTokens;
    this.addEos = addEos && !vocabulary.eosIds().isEmpty();
  }

  /// Encodes text without special tokens.
  ///
  abstract void encode(byte[] text, int from, int to, Place place, IntList ids);

  @Override
  public final Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public final int[] encodePrompt(byte[] text) {
    return encode(text, true, true);
  }

  /// With `start`, EOS comes last where the vocabulary asks for it.
  @Override
  public final int[] encode(byte[] text, boolean start, boolean specials) {
    BitSet trusted = new BitSet();
    trusted.set(0, specials ? text.length : 0);
    IntList ids = new IntList();
    if (start && addsBos()) {
      ids.add(vocabulary.bosId());
    }
    cut(text, trusted, Place.START, ids);
    if (start && addEos) {
      ids.add(vocabulary.eosIds().getFirst());
    }
    return ids.toArray();
  }

  /// Templates of such files often write BOS themselves; it is not added twice.
  @Override
  public final int[] encode(PromptText prompt) {
    IntList ids = new IntList();
    Place place = Place.START;
    for (PromptText.Part part : prompt.parts()) {
      switch (part) {
        case PromptText.Part.Bytes of -> cut(of.text(), of.trusted(), place, ids);
        case PromptText.Part.Tokens(int[] tokens) -> ids.addAll(tokens);
      }
      place = Place.WITHIN;
    }
    int[] all = ids.toArray();
    boolean has = all.length > 0 && all[0] == vocabulary.bosId();
    return addsBos() && !has
        ? IntStream.concat(IntStream.of(vocabulary.bosId()), IntStream.of(all)).toArray()
        : all;
  }

  private boolean addsBos() {
    return vocabulary.addBos() && vocabulary.bosId() >= 0;
  }

  private void cut(byte[] text, BitSet trusted, Place first, IntList ids) {
    specialTokens.cut(
        text,
        trusted,
        new SpecialTokens.Target() {
          private Place place = first;

          @Override
          public void text(int from, int to) {
            encode(text, from, to, place, ids);
            place = Place.WITHIN;
          }

          @Override
          public void token(int id) {
            ids.add(id);
            place = Place.AFTER_TOKEN;
          }
        });
  }
}
