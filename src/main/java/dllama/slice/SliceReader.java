package dllama.slice;

import dllama.model.ModelSource;
import dllama.model.ModelWeights;
import dllama.model.Range;
import dllama.slice.SliceLayout.Entry;
import dllama.tensor.Matrix;
import dllama.tensor.PackedMatrix;
import dllama.tensor.Packer;
import dllama.tensor.WorkerPool;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.LongConsumer;

/// Cuts one rank's slice out of the whole model and packs it, in any pieces, without ever holding
/// more of it than a group of 32 rows.
///
/// Used by one thread at a time; several readers may share a source.
public final class SliceReader {
  private final SliceLayout layout;
  private final ModelSource source;

  /// The piece that the last [#read] ended in; the next one most likely begins there.
  private MemorySegment piece = MemorySegment.ofArray(new byte[0]);

  private long pieceOffset = -1;

  public SliceReader(SliceLayout layout, ModelSource source) {
    this.layout = layout;
    this.source = source;
  }

  /// Fills `to` with the bytes of the slice from `offset` on.
  ///
  /// Cheap when reads follow each other; a read that begins elsewhere packs the row group it begins
  /// in once more.
  ///
  /// @throws IndexOutOfBoundsException if the slice ends before
  public void read(long offset, MemorySegment to) {
    Objects.checkFromIndexSize(offset, to.byteSize(), layout.totalBytes());
    for (long done = 0; done < to.byteSize(); ) {
      done += readPiece(offset + done, to, done);
    }
  }

  /// Copies what one piece can give; returns the number of bytes.
  private long readPiece(long offset, MemorySegment to, long at) {
    Entry entry = layout.at(offset);
    int index = (int) ((offset - entry.offset()) / entry.pieceBytes());
    long start = entry.offset() + index * entry.pieceBytes();
    long bytes = Math.min(start + entry.pieceBytes() - offset, to.byteSize() - at);
    if (bytes == entry.pieceBytes()) {
      writePiece(entry, index, to, at);
      return bytes;
    }
    if (start != pieceOffset) {
      if (piece.byteSize() < entry.pieceBytes()) {
        piece = MemorySegment.ofArray(new byte[Math.toIntExact(entry.pieceBytes())]);
      }
      writePiece(entry, index, piece, 0);
      pieceOffset = start;
    }
    MemorySegment.copy(piece, offset - start, to, at, bytes);
    return bytes;
  }

  /// Fills the whole slice at once, for the rank on this machine.
  ///
  /// @param slice [SliceLayout#totalBytes] bytes
  /// @param progress is told, on the calling thread, the number of bytes done so far
  public void fill(MemorySegment slice, WorkerPool pool, LongConsumer progress) {
    for (Entry entry : layout.entries()) {
      int pieces = entry.pieces();
      pool.run(
          (thread, threads) -> {
            int to = WorkerPool.from(pieces, thread + 1, threads);
            for (int index = WorkerPool.from(pieces, thread, threads); index < to; index++) {
              writePiece(entry, index, slice, entry.offset() + index * entry.pieceBytes());
            }
          });
      progress.accept(entry.offset() + entry.bytes());
    }
  }

  private void writePiece(Entry entry, int index, MemorySegment to, long at) {
    int first = entry.rows().from() + index * PackedMatrix.TILE;
    Range rows = new Range(first, Math.min(first + PackedMatrix.TILE, entry.rows().to()));
    switch (source) {
      case ModelSource.Weights(_, ModelWeights weights) ->
          writePiece(entry, weights.get(entry.name()), rows, to, at);
      case ModelSource.Random(var spec, long seed) -> {
        RandomWeights random = new RandomWeights(spec, seed);
        writePart(entry, random.part(entry.name(), rows, blocks(entry)), to, at);
      }
    }
  }

  /// A matrix of another type than the model's is rounded as it is read.
  private static void writePiece(
      Entry entry, Matrix matrix, Range rows, MemorySegment to, long at) {
    if (matrix.dtype() == entry.dtype()) {
      write(entry, matrix, rows, entry.cols(), to, at);
      return;
    }
    Range blocks = blocks(entry);
    Matrix part = matrix.rounded(entry.dtype(), rows.from(), rows.to(), blocks.from(), blocks.to());
    writePart(entry, part, to, at);
  }

  /// @param part the rows of a piece and the blocks that its columns are in
  private static void writePart(Entry entry, Matrix part, MemorySegment to, long at) {
    int skipped = entry.cols().from() - blocks(entry).from();
    Range cols = new Range(skipped, skipped + entry.cols().size());
    write(entry, part, new Range(0, (int) part.rows()), cols, to, at);
  }

  /// The columns of the blocks that an entry's columns are in.
  private static Range blocks(Entry entry) {
    int size = entry.dtype().blockSize();
    return new Range(
        entry.cols().from() / size * size, Math.ceilDiv(entry.cols().to(), size) * size);
  }

  private static void write(
      Entry entry, Matrix matrix, Range rows, Range cols, MemorySegment to, long at) {
    if (matrix.dtype() != entry.dtype()) {
      throw new IllegalArgumentException("%s has dtype=%s".formatted(entry, matrix.dtype()));
    }
    if (entry.isVector()) {
      long bytes = entry.dtype().byteSize(cols.size());
      matrix.copy(0, entry.dtype().byteSize(cols.from()), bytes, to, at);
      to.asSlice(at + bytes, entry.bytes() - bytes).fill((byte) 0);
    } else {
      Packer.pack(matrix, rows.from(), rows.to(), cols.from(), cols.to(), to, at);
    }
  }
}
