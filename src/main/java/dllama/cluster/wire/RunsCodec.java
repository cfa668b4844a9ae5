package dllama.cluster.wire;

import dllama.cluster.wire.TensorFrame.RunRows;
import dllama.step.PageCopy;
import java.io.NotSerializableException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// What the rows of a step are, as bytes of its input frame:
///
/// ```
/// copies: int; per copy: from: int, to: int
/// runs: int; per run: pages: int, position: int, count: int, wanted: 5 bytes, page ids: int each
/// ```
///
/// All integers little-endian, as the caller has set it.
public final class RunsCodec {
  private static final int HEADER_BYTES = 3 * Integer.BYTES + LogitsCodec.WANTED_BYTES;

  private static final int COPY_BYTES = 2 * Integer.BYTES;

  private RunsCodec() {}

  /// The most bytes that a row adds to those of a step: if each is of a run of its own, whose page
  /// is a copy.
  public static int maxBytes(int pages) {
    return COPY_BYTES + HEADER_BYTES + pages * Integer.BYTES;
  }

  static void put(List<PageCopy> copies, List<RunRows> runs, ByteBuffer to) {
    to.putInt(copies.size());
    for (PageCopy copy : copies) {
      to.putInt(copy.from()).putInt(copy.to());
    }
    to.putInt(runs.size());
    for (RunRows run : runs) {
      to.putInt(run.pages().length).putInt(run.position()).putInt(run.count());
      LogitsCodec.put(run.wanted(), to);
      for (int page : run.pages()) {
        to.putInt(page);
      }
    }
  }

  static int bytes(List<PageCopy> copies, List<RunRows> runs) {
    int bytes = 2 * Integer.BYTES + copies.size() * COPY_BYTES;
    for (RunRows run : runs) {
      bytes += HEADER_BYTES + run.pages().length * Integer.BYTES;
    }
    return bytes;
  }

  /// Comes before [#runs].
  ///
  /// @throws NotSerializableException for numbers that can not be; whether they fit the world, the
  ///     rank checks
  static List<PageCopy> copies(ByteBuffer from) throws NotSerializableException {
    int count = count(from, COPY_BYTES);
    List<PageCopy> copies = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      copies.add(new PageCopy(from.getInt(), from.getInt()));
    }
    return copies;
  }

  /// @throws NotSerializableException as [#copies]
  static List<RunRows> runs(ByteBuffer from) throws NotSerializableException {
    int count = count(from, HEADER_BYTES);
    List<RunRows> runs = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int[] pages = new int[count(from, Integer.BYTES)];
      int position = from.getInt();
      int rows = from.getInt();
      var wanted = LogitsCodec.wanted(from);
      if (pages.length > from.remaining() / Integer.BYTES) {
        throw new NotSerializableException("pages=" + pages.length);
      }
      from.asIntBuffer().get(pages);
      from.position(from.position() + pages.length * Integer.BYTES);
      runs.add(new RunRows(pages, position, rows, wanted));
    }
    return runs;
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
