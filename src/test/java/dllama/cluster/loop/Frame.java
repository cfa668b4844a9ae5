package dllama.cluster.loop;

import akka.serialization.ByteBufferSerializer;
import akka.serialization.SerializerWithStringManifest;
import dllama.cluster.port.Serializers;
import java.nio.ByteBuffer;

/// What one rank contributes to one step: the message of the exchange tests and measurements.
record Frame(int step, int rank, byte[] data) {
  private static final int HEADER_BYTES = 2 * Integer.BYTES;

  /// Layout: step, rank, data.
  public static final class Serializer extends SerializerWithStringManifest
      implements ByteBufferSerializer {
    @Override
    public int identifier() {
      return Serializers.TENSOR_FRAME; // the guard at the port knows no other frames
    }

    @Override
    public String manifest(Object frame) {
      return "F";
    }

    @Override
    public void toBinary(Object message, ByteBuffer out) {
      var frame = (Frame) message;
      out.putInt(frame.step).putInt(frame.rank).put(frame.data);
    }

    @Override
    public byte[] toBinary(Object message) {
      var frame = (Frame) message;
      ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + frame.data.length);
      toBinary(message, out);
      return out.array();
    }

    @Override
    public Object fromBinary(ByteBuffer in, String manifest) {
      int step = in.getInt();
      int rank = in.getInt();
      byte[] data = new byte[in.remaining()];
      in.get(data);
      return new Frame(step, rank, data);
    }

    @Override
    public Object fromBinary(byte[] bytes, String manifest) {
      return fromBinary(ByteBuffer.wrap(bytes), manifest);
    }
  }
}
