package dllama.cluster.wire;

import akka.actor.ExtendedActorSystem;
import akka.serialization.ByteBufferSerializer;
import akka.serialization.SerializerWithStringManifest;
import dllama.cluster.port.Refusals;
import dllama.cluster.port.Serializers;
import dllama.cluster.wire.TensorFrame.Input;
import dllama.cluster.wire.TensorFrame.Logits;
import dllama.cluster.wire.TensorFrame.Partial;
import dllama.cluster.wire.TensorFrame.WeightChunk;
import java.io.NotSerializableException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Frames to bytes and back, straight from and into Artery's buffers: one copy each way, into a
/// pooled buffer on arrival. All integers and floats little-endian.
///
/// Created by Akka, one per actor system; [#pool] is that node's.
public final class TensorFrameSerializer extends SerializerWithStringManifest
    implements ByteBufferSerializer {
  public static final int IDENTIFIER = Serializers.TENSOR_FRAME;

  /// The largest header of a frame in bytes, so that senders can keep below the maximum frame size.
  public static final int MAX_HEADER_BYTES = 40;

  private static final String INPUT = "I";
  private static final String PARTIAL = "P";
  private static final String LOGITS = "L";
  private static final String CHUNK = "W";

  private final FramePool pool = new FramePool(64);

  public TensorFrameSerializer(ExtendedActorSystem system) {}

  public FramePool pool() {
    return pool;
  }

  @Override
  public int identifier() {
    return IDENTIFIER;
  }

  @Override
  public String manifest(Object frame) {
    return switch ((TensorFrame) frame) {
      case Input _ -> INPUT;
      case Partial _ -> PARTIAL;
      case Logits _ -> LOGITS;
      case WeightChunk _ -> CHUNK;
    };
  }

  @Override
  public void toBinary(Object frame, ByteBuffer to) {
    to.order(ByteOrder.LITTLE_ENDIAN);
    switch ((TensorFrame) frame) {
      case Input input -> {
        to.putLong(input.epoch()).putLong(input.step());
        to.put((byte) (input.scatters() ? 1 : 0));
        RunsCodec.put(input.copies(), input.runs(), to);
        put(input.rows(), to);
      }
      case Partial(long epoch, long round, int rank, var values) -> {
        to.putLong(epoch).putLong(round).putInt(rank);
        put(values, to);
      }
      case Logits(long epoch, long step, int rank, int run, var part) -> {
        to.putLong(epoch).putLong(step).putInt(rank).putInt(run);
        LogitsCodec.put(part, to);
      }
      case WeightChunk(long epoch, long offset, var bytes) -> {
        to.putLong(epoch).putLong(offset);
        put(bytes, to);
      }
    }
  }

  private static void put(FrameBuffer buffer, ByteBuffer to) {
    to.put(buffer.bytes(), buffer.offset(), buffer.length());
  }

  @Override
  public byte[] toBinary(Object frame) {
    int size =
        MAX_HEADER_BYTES
            + switch ((TensorFrame) frame) {
              case Input input ->
                  RunsCodec.bytes(input.copies(), input.runs()) + input.rows().length();
              case Partial partial -> partial.values().length();
              case Logits logits -> LogitsCodec.maxBytes(logits.part());
              case WeightChunk chunk -> chunk.bytes().length();
            };
    ByteBuffer buffer = ByteBuffer.allocate(size);
    toBinary(frame, buffer);
    byte[] exact = new byte[buffer.flip().remaining()];
    buffer.get(exact);
    return exact;
  }

  @Override
  public Object fromBinary(ByteBuffer from, String manifest) throws NotSerializableException {
    try {
      return frame(from.order(ByteOrder.LITTLE_ENDIAN), manifest);
    } catch (RuntimeException | NotSerializableException senseless) {
      String what = Checks.line("manifest", manifest);
      Refusals.ofProcess()
          .refused("somebody", "sent a frame that makes no sense (%s)".formatted(what));
      throw senseless;
    }
  }

  private TensorFrame frame(ByteBuffer from, String manifest) throws NotSerializableException {
    return switch (manifest) {
      case INPUT ->
          new Input(
              from.getLong(),
              from.getLong(),
              from.get() != 0,
              RunsCodec.copies(from),
              RunsCodec.runs(from),
              rest(from));
      case PARTIAL -> new Partial(from.getLong(), from.getLong(), from.getInt(), rest(from));
      case LOGITS ->
          new Logits(
              from.getLong(), from.getLong(), from.getInt(), from.getInt(), LogitsCodec.part(from));
      case CHUNK -> new WeightChunk(from.getLong(), from.getLong(), rest(from));
      default -> throw new NotSerializableException("manifest=" + manifest);
    };
  }

  private FrameBuffer rest(ByteBuffer from) {
    FrameBuffer buffer = pool.take(from.remaining());
    from.get(buffer.bytes(), 0, buffer.length());
    return buffer;
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    return fromBinary(ByteBuffer.wrap(bytes), manifest);
  }
}
