package dllama.cluster.wire;

import dllama.logits.LogitsPart;
import dllama.logits.LogitsPart.Best;
import dllama.logits.LogitsPart.Candidates;
import dllama.logits.LogitsPart.Rows;
import dllama.logits.LogitsPart.Unadjusted;
import dllama.logits.LogitsPart.Walked;
import dllama.logits.LogitsWanted;
import dllama.logits.LogitsWanted.All;
import dllama.logits.LogitsWanted.Draw;
import dllama.logits.LogitsWanted.DrawAny;
import dllama.logits.LogitsWanted.Nothing;
import dllama.logits.TokenWeights;
import java.io.NotSerializableException;
import java.nio.ByteBuffer;

/// What is wanted of logits, and what ranks tell of them, as bytes of frames. All integers and
/// floats little-endian, as the caller has set it.
final class LogitsCodec {
  private static final byte NOTHING = 0;
  private static final byte ALL = 1;
  private static final byte BEST = 2;
  private static final byte CANDIDATES = 3;
  private static final byte ANY = 4;
  private static final byte UNADJUSTED = 5;
  private static final byte GIVEN = 6;
  private static final byte STATES = 7;

  /// What is wanted takes so many, and where tokens are given, these.
  static final int WANTED_BYTES = 1 + Integer.BYTES;

  /// A row of [LogitsPart.Given]: the logit, the largest one, sums.
  private static final int GIVEN_BYTES = 2 * Float.BYTES + TokenWeights.BINS * Long.BYTES;

  /// A token and its logit.
  private static final int PAIR_BYTES = Integer.BYTES + Float.BYTES;

  private LogitsCodec() {}

  static void put(LogitsWanted wanted, ByteBuffer to) {
    switch (wanted) {
      case Nothing _ -> to.put(NOTHING).putInt(0);
      case All _ -> to.put(ALL).putInt(0);
      case LogitsWanted.Best(int rows) -> to.put(BEST).putInt(rows);
      case LogitsWanted.States(int count) -> to.put(STATES).putInt(count);
      case LogitsWanted.Given(int[] tokens) -> {
        to.put(GIVEN).putInt(tokens.length);
        for (int token : tokens) {
          to.putInt(token);
        }
      }
      case Draw(float temperature) -> to.put(CANDIDATES).putFloat(temperature);
      case DrawAny(float temperature) -> to.put(ANY).putFloat(temperature);
    }
  }

  /// What [#put] writes.
  static int bytes(LogitsWanted wanted) {
    return WANTED_BYTES
        + (wanted instanceof LogitsWanted.Given(int[] tokens) ? tokens.length * Integer.BYTES : 0);
  }

  static LogitsWanted wanted(ByteBuffer from) throws NotSerializableException {
    byte kind = from.get();
    int value = from.getInt();
    try {
      return switch (kind) {
        case NOTHING -> new Nothing();
        case ALL -> new All();
        case BEST -> new LogitsWanted.Best(value);
        case STATES -> new LogitsWanted.States(value);
        case GIVEN -> new LogitsWanted.Given(tokens(value, from));
        case CANDIDATES -> new Draw(Float.intBitsToFloat(value));
        case ANY -> new DrawAny(Float.intBitsToFloat(value));
        default -> throw new NotSerializableException("wanted=" + kind);
      };
    } catch (IllegalArgumentException senseless) {
      throw new NotSerializableException("wanted: " + senseless.getMessage());
    }
  }

  private static int[] tokens(int count, ByteBuffer from) throws NotSerializableException {
    if (count < 0 || count > from.remaining() / Integer.BYTES) {
      throw new NotSerializableException("tokens=" + count);
    }
    int[] tokens = new int[count];
    for (int i = 0; i < count; i++) {
      tokens[i] = from.getInt();
    }
    return tokens;
  }

  static void put(LogitsPart part, ByteBuffer to) {
    switch (part) {
      case Rows(float[] values) -> putFloats(values, to.put(ALL));
      case LogitsPart.States(int count, float[] values) ->
          putFloats(values, to.put(STATES).putInt(count));
      case Best(int rows, int[] tokens, float[] logits) ->
          putPairs(rows, tokens, logits, to.put(BEST));
      case LogitsPart.Given given -> put(given, to.put(GIVEN));
      case Candidates candidates -> put(candidates, to.put(CANDIDATES));
      case Walked(float sum, int last) -> to.put(ANY).putFloat(sum).putInt(last);
      case Unadjusted(float logit, Candidates largest) ->
          put(largest, to.put(UNADJUSTED).putFloat(logit));
    }
  }

  private static void putFloats(float[] values, ByteBuffer to) {
    to.asFloatBuffer().put(values);
    to.position(to.position() + values.length * Float.BYTES);
  }

  private static float[] floats(ByteBuffer from) {
    float[] values = new float[from.remaining() / Float.BYTES];
    from.asFloatBuffer().get(values);
    return values;
  }

  private static void put(LogitsPart.Given given, ByteBuffer to) {
    to.putInt(given.strayed());
    for (int row = 0; row < given.rows(); row++) {
      to.putFloat(given.logits()[row]).putFloat(given.largest()[row]);
      for (int bin = 0; bin < TokenWeights.BINS; bin++) {
        to.putLong(given.sums()[row * TokenWeights.BINS + bin]);
      }
    }
  }

  private static LogitsPart.Given given(ByteBuffer from) {
    int strayed = from.getInt();
    int rows = from.remaining() / GIVEN_BYTES;
    float[] logits = new float[rows];
    float[] largest = new float[rows];
    long[] sums = new long[rows * TokenWeights.BINS];
    for (int row = 0; row < rows; row++) {
      logits[row] = from.getFloat();
      largest[row] = from.getFloat();
      for (int bin = 0; bin < TokenWeights.BINS; bin++) {
        sums[row * TokenWeights.BINS + bin] = from.getLong();
      }
    }
    return new LogitsPart.Given(rows, logits, largest, sums, strayed);
  }

  private static void put(Candidates candidates, ByteBuffer to) {
    to.putInt(candidates.exponent());
    for (long sum : candidates.sums()) {
      to.putLong(sum);
    }
    putPairs(candidates.size(), candidates.tokens(), candidates.logits(), to);
  }

  private static void putPairs(int size, int[] tokens, float[] logits, ByteBuffer to) {
    for (int i = 0; i < size; i++) {
      to.putInt(tokens[i]).putFloat(logits[i]);
    }
  }

  /// No less than [#put] writes.
  static int maxBytes(LogitsPart part) {
    return 1
        + switch (part) {
          case Rows rows -> rows.values().length * Float.BYTES;
          case LogitsPart.States states -> Integer.BYTES + states.values().length * Float.BYTES;
          case Best best -> best.rows() * PAIR_BYTES;
          case LogitsPart.Given given -> Integer.BYTES + given.rows() * GIVEN_BYTES;
          case Candidates candidates -> bytes(candidates);
          case Walked _ -> PAIR_BYTES;
          case Unadjusted unadjusted -> Float.BYTES + bytes(unadjusted.largest());
        };
  }

  private static int bytes(Candidates candidates) {
    return Integer.BYTES + TokenWeights.BINS * Long.BYTES + candidates.size() * PAIR_BYTES;
  }

  static LogitsPart part(ByteBuffer from) throws NotSerializableException {
    byte kind = from.get();
    return switch (kind) {
      case ALL -> new Rows(floats(from));
      case STATES -> new LogitsPart.States(from.getInt(), floats(from));
      case BEST -> {
        int rows = from.remaining() / PAIR_BYTES;
        int[] tokens = new int[rows];
        yield new Best(rows, tokens, pairs(from, tokens));
      }
      case GIVEN -> given(from);
      case CANDIDATES -> candidates(from);
      case UNADJUSTED -> new Unadjusted(from.getFloat(), candidates(from));
      case ANY -> new Walked(from.getFloat(), from.getInt());
      default -> throw new NotSerializableException("logits=" + kind);
    };
  }

  private static Candidates candidates(ByteBuffer from) {
    int exponent = from.getInt();
    long[] sums = new long[TokenWeights.BINS];
    for (int bin = 0; bin < sums.length; bin++) {
      sums[bin] = from.getLong();
    }
    int[] tokens = new int[from.remaining() / PAIR_BYTES];
    return new Candidates(tokens.length, tokens, pairs(from, tokens), exponent, sums);
  }

  /// Fills `tokens`; their logits.
  private static float[] pairs(ByteBuffer from, int[] tokens) {
    float[] logits = new float[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = from.getInt();
      logits[i] = from.getFloat();
    }
    return logits;
  }
}
