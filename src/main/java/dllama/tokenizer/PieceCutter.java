package dllama.tokenizer;

import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.BitSet;
import java.util.function.IntPredicate;

/// The cutting half of byte-level encoding. End tokens are special wherever their ids lie: no text
/// is merged to one. Immutable.
final class PieceCutter {
  private final Vocabulary vocabulary;
  private final PieceTable regular;
  private final PieceTable special;

  PieceCutter(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    int firstSpecial = vocabulary.bosId() < 0 ? vocabulary.size() : vocabulary.bosId();
    IntPredicate specials = id -> id >= firstSpecial || vocabulary.eosIds().contains(id);
    this.regular = new PieceTable(vocabulary.pieces(), specials.negate());
    this.special = new PieceTable(vocabulary.pieces(), specials);
  }

  /// What is to be merged.
  ///
  /// @param trusted the bytes in which names of special tokens stand for these tokens
  PairMerger cut(byte[] text, BitSet trusted) {
    PairMerger merger = new PairMerger(text, regular, vocabulary.scores());
    int position = 0;
    int end = 0; // of the trusted bytes that begin here or before
    while (position < text.length) {
      if (position >= end && trusted.get(position)) {
        end = trusted.nextClearBit(position);
      }
      int id = special.lowestPrefix(text, position, end);
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
