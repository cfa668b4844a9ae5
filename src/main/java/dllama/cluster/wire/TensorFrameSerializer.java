package dllama.cluster.wire;

import akka.actor.ExtendedActorSystem;
import akka.serialization.ByteBufferSerializer;
import akka.serialization.SerializerWithStringManifest;
import dllama.cluster.port.Refusals;
import dllama.cluster.port.Serializers;
import dllama.cluster.wire.FrameLayout.OfInput;
import dllama.cluster.wire.FrameLayout.OfLogits;
import dllama.cluster.wire.FrameLayout.OfPartial;
import dllama.cluster.wire.FrameLayout.OfQuestion;
import dllama.cluster.wire.FrameLayout.OfWeights;
import dllama.cluster.wire.TensorFrame.Input;
import dllama.cluster.wire.TensorFrame.Logits;
import dllama.cluster.wire.TensorFrame.Partial;
import dllama.cluster.wire.TensorFrame.Question;
import dllama.cluster.wire.TensorFrame.WeightChunk;
import java.io.NotSerializableException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Frames to bytes and back, straight from and into Artery's buffers: one copy each way, into a
/// pooled buffer on arrival. [FrameLayout] says where what is.
///
/// Created by Akka, one per actor system; [#pool] is that node's.
public final class TensorFrameSerializer extends SerializerWithStringManifest
    implements ByteBufferSerializer {
  /// Its number in frames of Artery.
  public static final int IDENTIFIER = Serializers.TENSOR_FRAME;

  /// The largest header of a frame in bytes, so that senders can keep below the maximum frame size.
  public static final int MAX_HEADER_BYTES = 40;

  private static final String INPUT = "I";
  private static final String PARTIAL = "P";
  private static final String LOGITS = "L";
  private static final String QUESTION = "Q";
  private static final String CHUNK = "W";

  private final FramePool pool = new FramePool(64);

  public TensorFrameSerializer(ExtendedActorSystem system) {}

  /// Where the buffers of frames come from, and go back to.
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
      case Question _ -> QUESTION;
      case WeightChunk _ -> CHUNK;
    };
  }

  @Override
  public void toBinary(Object frame, ByteBuffer to) {
    to.order(ByteOrder.LITTLE_ENDIAN);
    int at = to.position();
    switch ((TensorFrame) frame) {
      case Input input -> {
        to.putLong(at + OfInput.EPOCH, input.epoch());
        to.putLong(at + OfInput.STEP, input.step());
        to.put(at + OfInput.SCATTERS, (byte) (input.scatters() ? 1 : 0));
        to.position(at + OfInput.HEADER_BYTES);
        RunsCodec.put(input.copies(), input.runs(), to);
        put(input.rows(), to);
      }
      case Partial(long epoch, long round, int rank, var values) -> {
        to.putLong(at + OfPartial.EPOCH, epoch);
        to.putLong(at + OfPartial.ROUND, round);
        to.putInt(at + OfPartial.RANK, rank);
        to.position(at + OfPartial.HEADER_BYTES);
        put(values, to);
      }
      case Logits(long epoch, long step, int rank, int run, var part) -> {
        to.putLong(at + OfLogits.EPOCH, epoch);
        to.putLong(at + OfLogits.STEP, step);
        to.putInt(at + OfLogits.RANK, rank);
        to.putInt(at + OfLogits.RUN, run);
        to.position(at + OfLogits.HEADER_BYTES);
        LogitsCodec.put(part, to);
      }
      case Question(long epoch, long step, int run, var question) -> {
        to.putLong(at + OfQuestion.EPOCH, epoch);
        to.putLong(at + OfQuestion.STEP, step);
        to.putInt(at + OfQuestion.RUN, run);
        to.position(at + OfQuestion.HEADER_BYTES);
        QuestionCodec.put(question, to);
      }
      case WeightChunk(long epoch, long offset, var bytes) -> {
        to.putLong(at + OfWeights.EPOCH, epoch);
        to.putLong(at + OfWeights.OFFSET, offset);
        to.position(at + OfWeights.HEADER_BYTES);
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
              case Question question -> QuestionCodec.maxBytes(question.question());
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
    int at = from.position();
    return switch (manifest) {
      case INPUT -> {
        skip(from, OfInput.HEADER_BYTES);
        yield new Input(
            from.getLong(at + OfInput.EPOCH),
            from.getLong(at + OfInput.STEP),
            from.get(at + OfInput.SCATTERS) != 0,
            RunsCodec.copies(from),
            RunsCodec.runs(from),
            rest(from));
      }
      case PARTIAL -> {
        skip(from, OfPartial.HEADER_BYTES);
        yield new Partial(
            from.getLong(at + OfPartial.EPOCH),
            from.getLong(at + OfPartial.ROUND),
            from.getInt(at + OfPartial.RANK),
            rest(from));
      }
      case LOGITS -> {
        skip(from, OfLogits.HEADER_BYTES);
        yield new Logits(
            from.getLong(at + OfLogits.EPOCH),
            from.getLong(at + OfLogits.STEP),
            from.getInt(at + OfLogits.RANK),
            from.getInt(at + OfLogits.RUN),
            LogitsCodec.part(from));
      }
      case QUESTION -> {
        skip(from, OfQuestion.HEADER_BYTES);
        yield new Question(
            from.getLong(at + OfQuestion.EPOCH),
            from.getLong(at + OfQuestion.STEP),
            from.getInt(at + OfQuestion.RUN),
            QuestionCodec.get(from));
      }
      case CHUNK -> {
        skip(from, OfWeights.HEADER_BYTES);
        yield new WeightChunk(
            from.getLong(at + OfWeights.EPOCH), from.getLong(at + OfWeights.OFFSET), rest(from));
      }
      default -> throw new NotSerializableException("manifest=" + manifest);
    };
  }

  private static void skip(ByteBuffer from, int bytes) {
    if (from.remaining() < bytes) {
      throw new BufferUnderflowException();
    }
    from.position(from.position() + bytes);
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
