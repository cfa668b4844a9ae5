package dllama.format.meta;

import static java.nio.charset.StandardCharsets.UTF_8;

import dllama.error.UserException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/// The tokenizer file of Llama 3: a line for each piece, its bytes in base 64 and its id, which is
/// the order in which pieces are merged, too. The 256 special tokens behind them are in no file.
///
/// @param firstSpecial id of the first special token, which begins a text
record Tiktoken(byte[][] pieces, float[] scores, int firstSpecial) {
  private static final int SPECIALS = 256;
  private static final int MOST_LINES = 1 << 20;

  /// @throws UserException for a file that is of another kind
  static Tiktoken read(String text, Path path) {
    List<byte[]> pieces = new ArrayList<>();
    for (String line : (Iterable<String>) text.lines()::iterator) {
      pieces.add(piece(line, pieces.size(), path));
    }
    int first = pieces.size();
    for (int i = 0; i < SPECIALS; i++) {
      pieces.add(special(i).getBytes(UTF_8));
    }
    float[] scores = new float[pieces.size()];
    for (int id = 0; id < scores.length; id++) {
      scores[id] = -(float) id;
    }
    return new Tiktoken(pieces.toArray(byte[][]::new), scores, first);
  }

  private static byte[] piece(String line, int id, Path path) {
    int space = line.indexOf(' ');
    try {
      if (space > 0
          && id < MOST_LINES
          && Integer.parseInt(line, space + 1, line.length(), 10) == id) {
        return Base64.getDecoder().decode(line.substring(0, space));
      }
    } catch (IllegalArgumentException _) {
      // Said below.
    }
    throw new UserException(
        "tokenizer file %s: line %d is not a piece of Llama 3 (base 64, then %d); take the file that came with the model"
            .formatted(path, id + 1, id));
  }

  private static String special(int place) {
    return switch (place) {
      case 0 -> "<|begin_of_text|>";
      case 1 -> "<|end_of_text|>";
      case 2, 3, 4, 5 -> reserved(place - 2);
      case 6 -> "<|start_header_id|>";
      case 7 -> "<|end_header_id|>";
      case 8 -> reserved(4);
      case 9 -> "<|eot_id|>";
      default -> reserved(place - 5);
    };
  }

  private static String reserved(int number) {
    return "<|reserved_special_token_%d|>".formatted(number);
  }
}
