package dllama.format.meta;

import static java.nio.charset.StandardCharsets.UTF_8;

import dllama.error.UserException;
import dllama.format.file.InputFile;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A model of SentencePiece, a message of protocol buffers (google/sentencepiece,
/// `sentencepiece_model.proto`): pieces, and the names of those that begin and end a text. Pieces
/// are as distributed-llama's converter has them: with spaces, and names of single bytes.
///
/// @param bosId −1 where there is none
record SentencePieceFile(byte[][] pieces, float[] scores, int bosId, List<Integer> eosIds) {
  private static final int MOST_BYTES = 64 << 20;
  private static final int MOST_PIECES = 1 << 22;

  /// Fields: of the file, of a piece, of how it was made.
  private static final int PIECE = 1;

  private static final int TRAINER = 2;
  private static final int TEXT = 1;
  private static final int SCORE = 2;
  private static final int KIND = 3;
  private static final int BOS_TEXT = 46;
  private static final int EOS_TEXT = 47;

  private static final int CONTROL = 3;
  private static final String SPACE = "\u2581";

  private record Piece(String text, float score, int kind) {}

  /// Whether a file begins as such ones do, with a piece.
  static boolean is(Path path) {
    try (InputFile file = InputFile.open(path, "tokenizer")) {
      ByteBuffer start = file.read(0, 3);
      return start.remaining() == 3
          && start.get(0) == (PIECE << 3 | 2)
          && start.get(2) == (TEXT << 3 | 2);
    }
  }

  /// @throws UserException for a file that is damaged
  static SentencePieceFile read(Path path) {
    try (InputFile file = InputFile.open(path, "tokenizer")) {
      if (file.size() > MOST_BYTES) {
        throw file.damaged("it has %,d bytes".formatted(file.size()));
      }
      try {
        return read(file, file.read(0, MOST_BYTES));
      } catch (BufferUnderflowException | IllegalArgumentException _) {
        throw file.damaged("it is no model of SentencePiece");
      }
    }
  }

  private static SentencePieceFile read(InputFile file, ByteBuffer bytes) {
    List<Piece> found = new ArrayList<>();
    String bos = "<s>";
    String eos = "</s>";
    for (Field field = next(bytes); field != null; field = next(bytes)) {
      if (field.number == PIECE) {
        found.add(piece(field.content()));
      } else if (field.number == TRAINER) {
        ByteBuffer trainer = field.content();
        for (Field of = next(trainer); of != null; of = next(trainer)) {
          bos = of.number == BOS_TEXT ? of.text() : bos;
          eos = of.number == EOS_TEXT ? of.text() : eos;
        }
      }
    }
    if (found.isEmpty() || found.size() > MOST_PIECES) {
      throw file.damaged("it has %,d pieces".formatted(found.size()));
    }
    byte[][] pieces = new byte[found.size()][];
    float[] scores = new float[pieces.length];
    int bosId = -1;
    List<Integer> eosIds = new ArrayList<>();
    for (int id = 0; id < pieces.length; id++) {
      Piece piece = found.get(id);
      pieces[id] = piece.text.replace(SPACE, " ").getBytes(UTF_8);
      scores[id] = piece.score;
      if (piece.kind == CONTROL && piece.text.equals(bos)) {
        bosId = id;
      }
      if (piece.kind == CONTROL && piece.text.equals(eos)) {
        eosIds.add(id);
      }
    }
    return new SentencePieceFile(pieces, scores, bosId, eosIds);
  }

  private static Piece piece(ByteBuffer bytes) {
    String text = "";
    float score = 0;
    int kind = 1;
    for (Field field = next(bytes); field != null; field = next(bytes)) {
      switch (field.number) {
        case TEXT -> text = field.text();
        case SCORE -> score = field.content().getFloat();
        case KIND -> kind = (int) field.value;
        default -> {} // nothing that counts here
      }
    }
    return new Piece(text, score, kind);
  }

  /// @param value of a number
  /// @param bytes of anything else; null of a number
  private record Field(int number, long value, @Nullable ByteBuffer bytes) {
    ByteBuffer content() {
      if (bytes == null) {
        throw new IllegalArgumentException("field=" + number);
      }
      return bytes;
    }

    String text() {
      return UTF_8.decode(content()).toString();
    }
  }

  /// The next field; null at the end.
  private static @Nullable Field next(ByteBuffer bytes) {
    if (!bytes.hasRemaining()) {
      return null;
    }
    long tag = number(bytes);
    int number = (int) (tag >>> 3);
    return switch ((int) tag & 7) {
      case 0 -> new Field(number, number(bytes), null);
      case 1 -> new Field(number, 0, take(bytes, Long.BYTES));
      case 2 -> new Field(number, 0, take(bytes, number(bytes)));
      case 5 -> new Field(number, 0, take(bytes, Integer.BYTES));
      default -> throw new IllegalArgumentException("tag=" + tag);
    };
  }

  private static ByteBuffer take(ByteBuffer bytes, long length) {
    if (length < 0 || length > bytes.remaining()) {
      throw new BufferUnderflowException();
    }
    ByteBuffer taken = bytes.slice(bytes.position(), (int) length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.position(bytes.position() + (int) length);
    return taken;
  }

  /// Seven bits a byte, the lowest first.
  private static long number(ByteBuffer bytes) {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte next = bytes.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("number");
  }
}
