package dllama.format.file;

/// Told about every megabyte or so how far the writing of a file is; on the writing thread.
@FunctionalInterface
public interface Progress {
  void written(long bytes, long total);
}
