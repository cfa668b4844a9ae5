package dllama.format.file;

import dllama.files.OutputFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Writes a model file part by part, a megabyte at a time, and tells how far it is.
public final class TensorOutput {
  private static final int CHUNK_BYTES = 1 << 20;

  private final OutputFile file;
  private final long total;
  private final Progress progress;
  private long written;

  /// @param total bytes that the file will have
  public TensorOutput(OutputFile file, long total, Progress progress) {
    this.file = file;
    this.total = total;
    this.progress = progress;
  }

  /// Appends what remains in the buffer.
  public void write(ByteBuffer bytes) {
    written += bytes.remaining();
    file.write(bytes);
  }

  /// Appends a tensor.
  ///
  /// @param index for the source
  public void write(Tensor tensor, int index, RowSource source) {
    int rowBytes = Math.toIntExact(tensor.dtype().byteSize(tensor.cols()));
    int chunkRows = Math.max(1, CHUNK_BYTES / rowBytes);
    ByteBuffer rows =
        ByteBuffer.allocateDirect(chunkRows * rowBytes).order(ByteOrder.LITTLE_ENDIAN);
    for (long first = 0; first < tensor.rows(); first += chunkRows) {
      int count = (int) Math.min(chunkRows, tensor.rows() - first);
      source.fill(tensor, index, first, count, rows.clear());
      write(rows.flip());
      progress.written(written, total);
    }
  }

  /// Appends zeros up to a multiple of `alignment`.
  public void pad(int alignment) {
    write(ByteBuffer.allocate((int) (-written & (alignment - 1))));
  }
}
