package dllama.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;

/// Byte-pair encoding with a list of merges: text is split into pieces, and
/// within each the symbols are merged that come first in the list. Immutable.
///
/// - *Byte-level* (`gpt2` in GGUF files): symbols are bytes, and tokens are written in a
///   [ByteAlphabet].
/// - *By characters* (`gemma4`, and Llama 2's in Hugging Face folders): symbols are characters,
///   with `▁` for spaces; what has no token becomes the tokens of its bytes.
public final class BytePairTokenizer extends CuttingTokenizer {
  private static final int BYTES = 256;

  private final PreTokenizer splitting;

  /// Whether runs of line breaks may be tokens that no merges lead to.
  private final boolean lines;

  private final TextForm form;
  private final MergeRules merges;
  private final boolean byteLevel;

  /// Tokens by the bytes of the text that they stand for.
  private final PieceTable tokens;

  /// Where merging begins, by byte; −1 where there is nothing.
  private final int[] byteSymbols;

  /// What is left of a symbol that is no token, by byte; −1 where there is nothing.
  private final int[] byteTokens;

  /// @param names of tokens as the file has them
  private BytePairTokenizer(
      Vocabulary vocabulary,
      byte[][] names,
      TokenKind[] kinds,
      MergeRules merges,
      PreTokenizer splitting,
      TextForm form,
      boolean byteLevel,
      boolean addEos) {
    super(vocabulary, new SpecialTokens(names, kinds), addEos);
    this.splitting = splitting;
    this.lines = splitting.equals(PreTokenizer.LINES);
    this.form = form;
    this.merges = merges;
    this.byteLevel = byteLevel;
    this.tokens =
        byteLevel
            ? new PieceTable(vocabulary.pieces(), id -> isText(names[id], kinds[id]))
            : new PieceTable(names, id -> kinds[id].ofText());
    this.byteSymbols =
        IntStream.range(0, BYTES).map(value -> symbol(merges, value, byteLevel)).toArray();
    this.byteTokens =
        IntStream.of(byteSymbols).map(symbol -> symbol < names.length ? symbol : -1).toArray();
  }

  /// One whose tokens are written in a [ByteAlphabet].
  public static BytePairTokenizer byteLevel(
      Vocabulary vocabulary,
      byte[][] names,
      TokenKind[] kinds,
      MergeRules merges,
      PreTokenizer splitting,
      TextForm form,
      boolean addEos) {
    return new BytePairTokenizer(vocabulary, names, kinds, merges, splitting, form, true, addEos);
  }

  /// One whose tokens are written as they are, with `▁` for spaces.
  public static BytePairTokenizer byCharacters(
      Vocabulary vocabulary,
      byte[][] names,
      TokenKind[] kinds,
      MergeRules merges,
      PreTokenizer splitting,
      TextForm form,
      boolean addEos) {
    return new BytePairTokenizer(vocabulary, names, kinds, merges, splitting, form, false, addEos);
  }

  /// Whether text becomes this token as it is. A name that is not in the alphabet is only found as
  /// that of a special token.
  private static boolean isText(byte[] name, TokenKind kind) {
    return kind == TokenKind.NORMAL || (kind.ofText() && ByteAlphabet.covers(name));
  }

  private static int symbol(MergeRules merges, int value, boolean byteLevel) {
    String name =
        byteLevel ? ByteAlphabet.visible(new byte[] {(byte) value}) : "<0x%02X>".formatted(value);
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    return merges.find(bytes, 0, bytes.length);
  }

  @Override
  void encode(byte[] text, int from, int to, Place place, IntList ids) {
    CodePoints characters = form.of(text, from, to, place);
    IntList ends = Splitter.split(splitting.splitters(), characters);
    Merger merger = new Merger();
    int start = 0;
    for (int i = 0; i < ends.size(); i++) {
      piece(characters, start, ends.get(i), merger, ids);
      start = ends.get(i);
    }
  }

  /// Encodes a piece, of the characters `[from, to)`.
  private void piece(CodePoints text, int from, int to, Merger merger, IntList ids) {
    byte[] utf8 = text.utf8();
    int start = text.start(from);
    int end = text.start(to);
    if (splitting.wholePieces() || (lines && text.is(from, to, '\n'))) {
      int id = tokens.find(utf8, start, end);
      if (id >= 0) {
        ids.add(id);
        return;
      }
    }
    merger.clear();
    if (byteLevel) {
      for (int at = start; at < end; at++) {
        merger.add(byteSymbols[utf8[at] & 0xFF], at, at + 1);
      }
    } else {
      for (int i = from; i < to; i++) {
        int next = text.start(i + 1);
        merger.add(merges.find(utf8, text.start(i), next), text.start(i), next);
      }
    }
    merger.merge(merges);
    for (int i = merger.first(); i < merger.end(); i = merger.after(i)) {
      int symbol = merger.symbol(i);
      if (symbol >= 0 && symbol < vocabulary().size()) {
        ids.add(symbol);
        continue;
      }
      for (int at = merger.start(i); at < merger.endOf(i); at++) {
        int id = byteTokens[utf8[at] & 0xFF];
        if (id >= 0) {
          ids.add(id);
        }
      }
    }
  }
}
