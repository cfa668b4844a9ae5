package dllama.cluster.wire;

import dllama.logits.Adjustments;
import dllama.logits.LogitsQuestion;
import dllama.logits.LogitsQuestion.Adjusted;
import dllama.logits.LogitsQuestion.Everything;
import dllama.logits.LogitsQuestion.Unadjusted;
import dllama.logits.LogitsQuestion.Walk;
import dllama.logits.LogitsWanted;
import java.io.NotSerializableException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// Questions about logits as bytes of frames: a kind, int8, and its arguments. Little-endian, as
/// the caller has set it.
final class QuestionCodec {
  private static final byte EVERYTHING = 1;
  private static final byte WALK = 2;
  private static final byte ADJUSTED = 3;
  private static final byte UNADJUSTED = 4;

  /// In place of a number of words: every token is allowed.
  private static final int ALL = -1;

  /// Of what is not an [Adjusted].
  private static final int MOST_BYTES = 40;

  private QuestionCodec() {}

  static void put(LogitsQuestion question, ByteBuffer to) {
    switch (question) {
      case Everything _ -> to.put(EVERYTHING);
      case Walk(int rank, float temperature, float coin, int exponent, double total, float sum) -> {
        to.put(WALK).putInt(rank).putFloat(temperature).putFloat(coin);
        to.putInt(exponent).putDouble(total).putFloat(sum);
      }
      case Adjusted(LogitsWanted wanted, Adjustments adjustments, @Nullable BitSet allowed) -> {
        LogitsCodec.put(wanted, to.put(ADJUSTED));
        AdjustmentsCodec.put(adjustments, to.putInt(adjustments.size()));
        if (allowed == null) {
          to.putInt(ALL);
        } else {
          long[] words = allowed.toLongArray();
          to.putInt(words.length).asLongBuffer().put(words);
          to.position(to.position() + words.length * Long.BYTES);
        }
      }
      case Unadjusted(int token, int top) -> to.put(UNADJUSTED).putInt(token).putInt(top);
    }
  }

  /// No less than [#put] writes.
  static int maxBytes(LogitsQuestion question) {
    return question instanceof Adjusted(var _, Adjustments adjustments, var allowed)
        ? MOST_BYTES
            + AdjustmentsCodec.bytes(adjustments)
            + (allowed == null ? 0 : allowed.size() / Byte.SIZE)
        : MOST_BYTES;
  }

  static LogitsQuestion get(ByteBuffer from) throws NotSerializableException {
    byte kind = from.get();
    try {
      return switch (kind) {
        case EVERYTHING -> new Everything();
        case WALK ->
            new Walk(
                from.getInt(),
                from.getFloat(),
                from.getFloat(),
                from.getInt(),
                from.getDouble(),
                from.getFloat());
        case ADJUSTED ->
            new Adjusted(
                LogitsCodec.wanted(from),
                AdjustmentsCodec.get(from.getInt(), from),
                allowed(from.getInt(), from));
        case UNADJUSTED -> new Unadjusted(from.getInt(), from.getInt());
        default -> throw new NotSerializableException("question=" + kind);
      };
    } catch (IllegalArgumentException senseless) {
      throw new NotSerializableException("question: " + senseless.getMessage());
    }
  }

  private static @Nullable BitSet allowed(int words, ByteBuffer from)
      throws NotSerializableException {
    if (words == ALL) {
      return null;
    }
    if (words < 0 || words > from.remaining() / Long.BYTES) {
      throw new NotSerializableException("words=" + words);
    }
    var bits = from.asLongBuffer().limit(words);
    from.position(from.position() + words * Long.BYTES);
    return BitSet.valueOf(bits);
  }
}
