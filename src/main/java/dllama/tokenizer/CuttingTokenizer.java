package dllama.tokenizer;

import java.util.BitSet;
import java.util.stream.IntStream;

/// What tokenizers of GGUF files have in common: first special tokens are found, then what is
/// between them is encoded. Immutable.
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
  /// @param begins whether the text is the first one, or follows a special token
  abstract void encode(byte[] text, int from, int to, boolean begins, IntList ids);

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
    cut(text, trusted, true, ids);
    if (start && addEos) {
      ids.add(vocabulary.eosIds().getFirst());
    }
    return ids.toArray();
  }

  /// Templates of such files often write BOS themselves; it is not added twice.
  @Override
  public final int[] encode(PromptText prompt) {
    IntList ids = new IntList();
    boolean begins = true;
    for (PromptText.Part part : prompt.parts()) {
      switch (part) {
        case PromptText.Part.Bytes of -> cut(of.text(), of.trusted(), begins, ids);
        case PromptText.Part.Tokens(int[] tokens) -> ids.addAll(tokens);
      }
      begins = false;
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

  private void cut(byte[] text, BitSet trusted, boolean first, IntList ids) {
    specialTokens.cut(
        text,
        trusted,
        new SpecialTokens.Target() {
          private boolean begins = first;

          @Override
          public void text(int from, int to) {
            encode(text, from, to, begins, ids);
            begins = false;
          }

          @Override
          public void token(int id) {
            ids.add(id);
            begins = true;
          }
        });
  }
}
