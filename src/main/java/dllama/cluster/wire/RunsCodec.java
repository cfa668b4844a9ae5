package dllama.cluster.wire;

import dllama.cluster.wire.FrameLayout.OfAdjustment;
import dllama.cluster.wire.FrameLayout.OfCopy;
import dllama.cluster.wire.FrameLayout.OfRun;
import dllama.cluster.wire.TensorFrame.RunRows;
import dllama.logits.Adjustments;
import dllama.step.PageCopy;
import dllama.step.RunState;
import java.io.NotSerializableException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// What is copied before a step, and what its rows are, as bytes of its input frame: a count, and
/// so many [OfCopy]; a count, and so many [OfRun], each with the ids of its pages and
/// windows, and its adjustments. Little-endian, as the caller has set it.
public final class RunsCodec {
  private RunsCodec() {}

  /// The most bytes that a row adds to those of a step: if each is of a run of its own, whose page
  /// is a copy, and as many of whose logits are adjusted as can be, or whose next token is given.
  public static int maxBytes(int pages) {
    return OfCopy.BYTES
        + OfRun.HEADER_BYTES
        + Integer.BYTES
        + 2 * pages * Integer.BYTES
        + Adjustments.MAX_OF_RUN * OfAdjustment.BYTES;
  }

  static void put(List<PageCopy> copies, List<RunRows> runs, ByteBuffer to) {
    to.putInt(copies.size());
    for (PageCopy copy : copies) {
      int at = to.position();
      to.putInt(at + OfCopy.FROM, copy.from());
      to.putInt(at + OfCopy.TO, copy.to());
      to.putInt(at + OfCopy.FROM_WINDOW, copy.fromWindow());
      to.putInt(at + OfCopy.TO_WINDOW, copy.toWindow());
      to.position(at + OfCopy.BYTES);
    }
    to.putInt(runs.size());
    for (RunRows run : runs) {
      int at = to.position();
      to.putInt(at + OfRun.PAGES, run.pages().length);
      to.putInt(at + OfRun.WINDOWS, run.windows().length);
      to.putInt(at + OfRun.POSITION, run.position());
      to.putInt(at + OfRun.ROWS, run.count());
      to.putInt(at + OfRun.ADJUSTMENTS, run.adjustments().size());
      to.putInt(at + OfRun.STATE_FROM, run.state().from());
      to.putInt(at + OfRun.STATE_TO, run.state().to());
      LogitsCodec.put(run.wanted(), to.position(at + OfRun.WANTED));
      put(run.pages(), to);
      put(run.windows(), to);
      AdjustmentsCodec.put(run.adjustments(), to);
    }
  }

  private static void put(int[] ids, ByteBuffer to) {
    for (int id : ids) {
      to.putInt(id);
    }
  }

  static int bytes(List<PageCopy> copies, List<RunRows> runs) {
    int bytes = 2 * Integer.BYTES + copies.size() * OfCopy.BYTES;
    for (RunRows run : runs) {
      bytes += OfRun.WANTED + LogitsCodec.bytes(run.wanted());
      bytes += (run.pages().length + run.windows().length) * Integer.BYTES;
      bytes += AdjustmentsCodec.bytes(run.adjustments());
    }
    return bytes;
  }

  /// Comes before [#runs].
  ///
  /// @throws NotSerializableException for numbers that can not be; whether they fit the world, the
  ///     rank checks
  static List<PageCopy> copies(ByteBuffer from) throws NotSerializableException {
    int count = count(from, OfCopy.BYTES);
    List<PageCopy> copies = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int at = from.position();
      copies.add(copy(from, at));
      from.position(at + OfCopy.BYTES);
    }
    return copies;
  }

  private static PageCopy copy(ByteBuffer from, int at) throws NotSerializableException {
    int fromWindow = from.getInt(at + OfCopy.FROM_WINDOW);
    int toWindow = from.getInt(at + OfCopy.TO_WINDOW);
    if (fromWindow < PageCopy.NONE
        || (fromWindow == PageCopy.NONE) != (toWindow == PageCopy.NONE)) {
      throw new NotSerializableException("windows=%d, %d".formatted(fromWindow, toWindow));
    }
    return new PageCopy(
        from.getInt(at + OfCopy.FROM), from.getInt(at + OfCopy.TO), fromWindow, toWindow);
  }

  /// @throws NotSerializableException as [#copies]
  static List<RunRows> runs(ByteBuffer from) throws NotSerializableException {
    int count = count(from, OfRun.HEADER_BYTES);
    List<RunRows> runs = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int at = from.position();
      int[] pages = new int[count(from, Integer.BYTES)];
      int[] windows = new int[count(from, Integer.BYTES)];
      int position = from.getInt(at + OfRun.POSITION);
      int rows = from.getInt(at + OfRun.ROWS);
      int adjusted = from.getInt(at + OfRun.ADJUSTMENTS);
      RunState state = state(from, at);
      var wanted = LogitsCodec.wanted(from.position(at + OfRun.WANTED));
      get(pages, from);
      get(windows, from);
      Adjustments adjustments = AdjustmentsCodec.get(adjusted, from);
      runs.add(new RunRows(pages, windows, position, rows, state, wanted, adjustments));
    }
    return runs;
  }

  private static void get(int[] ids, ByteBuffer from) throws NotSerializableException {
    if (ids.length > from.remaining() / Integer.BYTES) {
      throw new NotSerializableException("ids=" + ids.length);
    }
    from.asIntBuffer().get(ids);
    from.position(from.position() + ids.length * Integer.BYTES);
  }

  private static RunState state(ByteBuffer from, int at) throws NotSerializableException {
    int before = from.getInt(at + OfRun.STATE_FROM);
    int after = from.getInt(at + OfRun.STATE_TO);
    if (before < RunState.NONE || after < 0) {
      throw new NotSerializableException("states=%d, %d".formatted(before, after));
    }
    return new RunState(before, after);
  }

  /// A count of things of `size` bytes each, which have to be there.
  private static int count(ByteBuffer from, int size) throws NotSerializableException {
    int count = from.getInt();
    if (count < 0 || count > from.remaining() / size) {
      throw new NotSerializableException("count=" + count);
    }
    return count;
  }
}
