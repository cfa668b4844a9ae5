package dllama.slice;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dllama.tensor.WorkerPool;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// A packed slice in a file: a header, then the bytes of the slice as they lie in memory.
///
/// ```
/// magic    8 bytes "DLSLICE1"
/// bytes    int64, of the slice
/// key      64 bytes of ASCII
/// sums     int32 per block of 4 MiB: CRC-32C of the block
/// sum      int32, CRC-32C of all of the header before it
/// padding  up to a multiple of 4096 bytes
/// slice
/// ```
///
/// Integers are little-endian. Who reads knows key and length beforehand, so nothing in the file
/// decides how much is read. The sums find damage by disks and by programs that were cut off; they
/// are no defence against someone who means harm.
final class SliceFile {
  static final int KEY_LENGTH = 64;

  private static final long MAGIC =
      ByteBuffer.wrap("DLSLICE1".getBytes(US_ASCII)).order(ByteOrder.LITTLE_ENDIAN).getLong();

  private static final int BLOCK = 4 << 20;
  private static final int PAGE = 4096;

  /// Written at once, so that a writer that is told to stop does so soon.
  private static final int PIECE = 1 << 20;

  private final String key;
  private final long bytes;
  private final int blocks;

  /// @param key [#KEY_LENGTH] characters
  /// @param bytes of the slice
  SliceFile(String key, long bytes) {
    if (key.length() != KEY_LENGTH) {
      throw new IllegalArgumentException("key=" + key);
    }
    this.key = key;
    this.bytes = bytes;
    blocks = Math.toIntExact(Math.ceilDiv(bytes, BLOCK));
  }

  /// The file is not this slice, undamaged.
  static final class Damaged extends IOException {
    private static final long serialVersionUID = 1;

    Damaged(String what) {
      super(what);
    }
  }

  String key() {
    return key;
  }

  /// Bytes of the whole file.
  long fileBytes() {
    return dataOffset() + bytes;
  }

  private int headerBytes() {
    return Long.BYTES + Long.BYTES + KEY_LENGTH + (blocks + 1) * Integer.BYTES;
  }

  private int dataOffset() {
    return Math.ceilDiv(headerBytes(), PAGE) * PAGE;
  }

  private static ByteBuffer block(MemorySegment slice, int index) {
    long from = (long) index * BLOCK;
    return slice.asSlice(from, Math.min(BLOCK, slice.byteSize() - from)).asByteBuffer();
  }

  private static int sum(ByteBuffer bytes) {
    CRC32C sum = new CRC32C();
    sum.update(bytes);
    return (int) sum.getValue();
  }

  private ByteBuffer header(int[] sums) {
    ByteBuffer header = ByteBuffer.allocate(headerBytes()).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(MAGIC).putLong(bytes).put(key.getBytes(US_ASCII));
    for (int sum : sums) {
      header.putInt(sum);
    }
    return header.putInt(sum(header.duplicate().flip())).flip();
  }

  /// Writes the whole file; the header last.
  ///
  /// @param stopped looked at often
  /// @throws CancellationException when `stopped`
  void write(FileChannel file, MemorySegment slice, BooleanSupplier stopped) throws IOException {
    Writing writing = new Writing(file);
    for (long at = 0; at < bytes; at += PIECE) {
      refuseIf(stopped);
      writing.append(slice.asSlice(at, Math.min(PIECE, bytes - at)).asByteBuffer());
    }
    writing.finish();
  }

  /// The file as it is written, from its first byte to its last. For one thread at a time.
  final class Writing {
    private final FileChannel file;
    private final int[] sums = new int[blocks];
    private final CRC32C sum = new CRC32C();
    private long done;

    Writing(FileChannel file) {
      this.file = file;
    }

    /// Bytes of the slice that are written.
    long done() {
      return done;
    }

    /// Bytes of the slice that are not.
    long missing() {
      return bytes - done;
    }

    /// The next bytes of the slice.
    ///
    /// @throws IndexOutOfBoundsException if they are more than are missing
    void append(ByteBuffer next) throws IOException {
      Objects.checkFromIndexSize(done, next.remaining(), bytes);
      while (next.hasRemaining()) {
        int length = (int) Math.min(BLOCK - done % BLOCK, next.remaining());
        ByteBuffer part = next.slice(next.position(), length);
        sum.update(part.duplicate());
        writeFully(part, dataOffset() + done);
        next.position(next.position() + length);
        done += length;
        if (done % BLOCK == 0 || done == bytes) {
          sums[(int) ((done - 1) / BLOCK)] = (int) sum.getValue();
          sum.reset();
        }
      }
    }

    /// The header, which makes the file one that can be read.
    ///
    /// @throws IllegalStateException if not all of the slice is there
    void finish() throws IOException {
      if (done != bytes) {
        throw new IllegalStateException("%d of %d bytes".formatted(done, bytes));
      }
      writeFully(header(sums), 0);
    }

    private void writeFully(ByteBuffer from, long position) throws IOException {
      for (long at = position; from.hasRemaining(); ) {
        at += file.write(from, at);
      }
    }
  }

  private static void refuseIf(BooleanSupplier stopped) {
    if (stopped.getAsBoolean()) {
      throw new CancellationException();
    }
  }

  /// Reads the slice into `to` on all threads of `pool` and checks it on the way.
  ///
  /// @param progress is told, on the calling thread, the number of bytes done so far
  /// @param stopped looked at between blocks
  /// @throws Damaged if the file is not this slice; what is in memory is undefined then
  /// @throws CancellationException when `stopped`
  void read(
      FileChannel file,
      MemorySegment to,
      WorkerPool pool,
      LongConsumer progress,
      BooleanSupplier stopped)
      throws IOException {
    int[] sums = readHeader(file);
    Task task =
        index -> {
          ByteBuffer block = block(to, index);
          readFully(file, block.duplicate(), dataOffset() + (long) index * BLOCK);
          check(block, index, sums);
        };
    forBlocks(task, pool, progress, stopped);
  }

  /// The slice as pages of the file, checked as by [#read], with the same exceptions. They take no
  /// memory that the system could not have back, and come from the disk again if it does.
  ///
  /// @param arena as long as which the pages are there
  MemorySegment map(
      FileChannel file,
      Arena arena,
      WorkerPool pool,
      LongConsumer progress,
      BooleanSupplier stopped)
      throws IOException {
    int[] sums = readHeader(file);
    MemorySegment slice = file.map(FileChannel.MapMode.READ_ONLY, dataOffset(), bytes, arena);
    forBlocks(index -> check(block(slice, index), index, sums), pool, progress, stopped);
    return slice;
  }

  /// What is done with a block.
  @FunctionalInterface
  private interface Task {
    void run(int index) throws IOException;
  }

  private void forBlocks(Task task, WorkerPool pool, LongConsumer progress, BooleanSupplier stopped)
      throws IOException {
    AtomicInteger next = new AtomicInteger();
    AtomicInteger done = new AtomicInteger();
    AtomicReference<@Nullable IOException> failure = new AtomicReference<>();
    pool.run(
        (thread, threads) -> {
          int index = next.getAndIncrement();
          while (index < blocks && failure.get() == null) {
            refuseIf(stopped);
            try {
              task.run(index);
            } catch (IOException e) {
              failure.compareAndSet(null, e);
            }
            long blocksDone = done.incrementAndGet();
            if (thread == 0) {
              progress.accept(Math.min(blocksDone * BLOCK, bytes));
            }
            index = next.getAndIncrement();
          }
        });
    IOException failed = failure.get();
    if (failed != null) {
      throw failed;
    }
  }

  private int[] readHeader(FileChannel file) throws IOException {
    if (file.size() != fileBytes()) {
      throw new Damaged("it has %d bytes, not %d".formatted(file.size(), fileBytes()));
    }
    ByteBuffer got = ByteBuffer.allocate(headerBytes()).order(ByteOrder.LITTLE_ENDIAN);
    readFully(file, got, 0);
    got.position(headerBytes() - (blocks + 1) * Integer.BYTES);
    int[] sums = new int[blocks];
    for (int index = 0; index < blocks; index++) {
      sums[index] = got.getInt();
    }
    if (!header(sums).equals(got.rewind())) {
      throw new Damaged("its header is not that of the slice");
    }
    return sums;
  }

  private void check(ByteBuffer block, int index, int[] sums) throws Damaged {
    if (sum(block) != sums[index]) {
      throw new Damaged("block %d of %d is not what was written".formatted(index, blocks));
    }
  }

  private static void readFully(FileChannel file, ByteBuffer to, long position) throws IOException {
    for (long at = position; to.hasRemaining(); ) {
      int count = file.read(to, at);
      if (count < 0) {
        throw new EOFException("the file was shortened while it was read");
      }
      at += count;
    }
  }
}
