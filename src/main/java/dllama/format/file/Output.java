package dllama.format.file;

import dllama.files.OutputFile;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;

/// A model file that is to be written, from its beginning to its end.
public record Output(List<Part> parts) {
  /// What follows what was there before.
  public sealed interface Part {
    long bytes();
  }

  /// Bytes as they are.
  public record Bytes(ByteBuffer content) implements Part {
    @Override
    public long bytes() {
      return content.remaining();
    }

    /// Zeros up to a multiple of `alignment`, a power of two.
    ///
    /// @param before bytes since the last one
    public static Bytes padding(long before, int alignment) {
      return new Bytes(ByteBuffer.allocate((int) (-before & (alignment - 1))));
    }
  }

  /// A tensor.
  ///
  /// @param index number of the tensor in the file, for the source
  public record Rows(Tensor tensor, int index, RowSource source) implements Part {
    @Override
    public long bytes() {
      return tensor.bytes();
    }
  }

  public Output {
    parts = List.copyOf(parts);
  }

  public long bytes() {
    return parts.stream().mapToLong(Part::bytes).sum();
  }

  /// Writes a file at once; one that does not become complete leaves nothing behind.
  ///
  /// @throws dllama.error.UserException if it can not be written
  /// @throws CancellationException if the thread is interrupted
  public void write(Path path, Progress progress) {
    long total = bytes();
    try (OutputFile file = OutputFile.create(path, total);
        Conveyor conveyor = new Conveyor(file::write, 0, total, progress)) {
      conveyor.write(this);
      file.finish();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException(path + " is not written");
    }
  }
}
