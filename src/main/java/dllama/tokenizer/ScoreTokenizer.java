package dllama.tokenizer;

import java.util.BitSet;
import java.util.stream.IntStream;

/// Byte-pair encoding as distributed-llama does it with `.t` vocabularies: no pre-tokenizer. First
/// the text is cut into pieces; then the neighbours whose concatenation has the highest score are
/// merged, the leftmost first on ties, until no concatenation is a piece. How the text is cut
/// depends on the vocabulary, see [Tokenizer.Vocabulary#sentencePiece]. Immutable, for any thread.
///
/// - *Byte-level*, as distributed-llama reads all files since 0.11: ids below `bosId` are regular
///   pieces, the others special tokens. The text is cut into special tokens (lowest id first where
///   several fit) and the shortest regular pieces; bytes that no piece begins with are left out.
/// - *SentencePiece*, as it read them until 0.10: a space in front of every text, then a piece per
///   character; of one that is no piece each byte becomes a token, which is never merged.
final class ScoreTokenizer implements Tokenizer {
  /// Cuts text for merging.
  private interface Cutter {
    /// @param trusted the bytes in which names of special tokens stand for these tokens
    /// @param start whether nothing stands in front of the text
    PairMerger cut(byte[] text, BitSet trusted, boolean start);
  }

  private final Vocabulary vocabulary;
  private final Cutter cutter;

  ScoreTokenizer(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    if (vocabulary.sentencePiece()) {
      cutter = new CharacterCutter(vocabulary)::cut;
    } else {
      PieceCutter pieces = new PieceCutter(vocabulary);
      cutter = (text, trusted, _) -> pieces.cut(text, trusted);
    }
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /// Names of special tokens count in byte-level vocabularies only.
  @Override
  public int[] encodePrompt(byte[] text) {
    return encode(text, true, !vocabulary.sentencePiece());
  }

  @Override
  public int[] encode(byte[] text, boolean start, boolean specials) {
    BitSet trusted = new BitSet();
    trusted.set(0, specials ? text.length : 0);
    int[] ids = cutter.cut(text, trusted, true).merge();
    return start ? withBos(ids) : ids;
  }

  @Override
  public int[] encode(PromptText prompt) {
    IntStream.Builder ids = IntStream.builder();
    boolean start = true;
    for (PromptText.Part part : prompt.parts()) {
      int[] added =
          switch (part) {
            case PromptText.Part.Bytes of -> cutter.cut(of.text(), of.trusted(), start).merge();
            case PromptText.Part.Tokens(int[] tokens) -> tokens;
          };
      IntStream.of(added).forEach(ids::add);
      start = false;
    }
    return withBos(ids.build().toArray());
  }

  /// With BOS in front, where the vocabulary asks for it.
  private int[] withBos(int[] ids) {
    return vocabulary.addBos() && vocabulary.bosId() >= 0
        ? IntStream.concat(IntStream.of(vocabulary.bosId()), IntStream.of(ids)).toArray()
        : ids;
  }
}
