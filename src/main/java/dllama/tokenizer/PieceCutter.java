package dllama.tokenizer;

import dllama.tokenizer.Tokenizer.Vocabulary;

/// The cutting half of byte-level encoding. Immutable.
final class PieceCutter {
  private final Vocabulary vocabulary;
  private final PieceTable regular;
  private final PieceTable special;

  PieceCutter(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    int firstSpecial = vocabulary.bosId() < 0 ? vocabulary.size() : vocabulary.bosId();
    this.regular = new PieceTable(vocabulary.pieces(), 0, firstSpecial);
    this.special = new PieceTable(vocabulary.pieces(), firstSpecial, vocabulary.size());
  }

  /// What is to be merged.
  ///
  /// @param specials whether the names of special tokens stand for these tokens
  PairMerger cut(byte[] text, boolean specials) {
    PairMerger merger = new PairMerger(text, regular, vocabulary.scores());
    int position = 0;
    while (position < text.length) {
      int id = specials ? special.lowestPrefix(text, position) : -1;
      if (id >= 0) {
        merger.addSpecial(id);
        position += length(id);
        continue;
      }
      id = regular.shortestPrefix(text, position);
      if (id >= 0) {
        merger.addRegular(id, position, length(id));
        position += length(id);
      } else {
        merger.addGap();
        position++;
      }
    }
    return merger;
  }

  private int length(int id) {
    return vocabulary.pieces()[id].length;
  }
}
