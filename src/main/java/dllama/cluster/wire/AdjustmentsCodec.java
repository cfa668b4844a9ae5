package dllama.cluster.wire;

import dllama.cluster.wire.FrameLayout.OfAdjustment;
import dllama.logits.Adjustments;
import java.io.NotSerializableException;
import java.nio.ByteBuffer;

/// Adjustments of logits as bytes of frames, [OfAdjustment] each; how many there are stands
/// elsewhere. Little-endian, as the caller has set it.
final class AdjustmentsCodec {
  private AdjustmentsCodec() {}

  static void put(Adjustments adjustments, ByteBuffer to) {
    for (int i = 0; i < adjustments.size(); i++) {
      int at = to.position();
      to.putInt(at + OfAdjustment.TOKEN, adjustments.tokens()[i]);
      to.putFloat(at + OfAdjustment.FACTOR, adjustments.factors()[i]);
      to.putFloat(at + OfAdjustment.ADDEND, adjustments.addends()[i]);
      to.position(at + OfAdjustment.BYTES);
    }
  }

  static int bytes(Adjustments adjustments) {
    return adjustments.size() * OfAdjustment.BYTES;
  }

  /// @throws NotSerializableException for what is not there, or makes no sense
  static Adjustments get(int count, ByteBuffer from) throws NotSerializableException {
    if (count == 0) {
      return Adjustments.NONE;
    }
    if (count < 0 || count > Adjustments.MAX || count > from.remaining() / OfAdjustment.BYTES) {
      throw new NotSerializableException("adjustments=" + count);
    }
    int[] tokens = new int[count];
    float[] factors = new float[count];
    float[] addends = new float[count];
    for (int i = 0; i < count; i++) {
      int at = from.position();
      tokens[i] = from.getInt(at + OfAdjustment.TOKEN);
      factors[i] = from.getFloat(at + OfAdjustment.FACTOR);
      addends[i] = from.getFloat(at + OfAdjustment.ADDEND);
      from.position(at + OfAdjustment.BYTES);
    }
    try {
      return new Adjustments(tokens, factors, addends);
    } catch (IllegalArgumentException senseless) {
      throw new NotSerializableException("adjustments: " + senseless.getMessage());
    }
  }
}
