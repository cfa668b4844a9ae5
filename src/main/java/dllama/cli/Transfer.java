package dllama.cli;

import dllama.files.ByteSize;

/// Weights on their way to one rank, or to a file. Not thread-safe.
final class Transfer {
  private static final int BAR = 20;

  /// Where they go.
  private final String address;
  private final long start = System.nanoTime();
  private long bytes;
  private long total;

  Transfer(String address) {
    this.address = address;
  }

  void progress(long newBytes, long newTotal) {
    bytes = newBytes;
    total = newTotal;
  }

  /// `what`, address, bar, bytes, rate and time left.
  String line(String what) {
    double rate = bytes / Math.max(1e-3, (System.nanoTime() - start) / 1e9);
    double part = total == 0 ? 1 : (double) bytes / total;
    int done = (int) (part * BAR);
    String left = bytes == 0 ? "" : ", %.0f s left".formatted((total - bytes) / rate);
    return "%s  %s [%s%s] %3.0f %%  %s of %s, %s/s%s"
        .formatted(
            what,
            address,
            "#".repeat(done),
            " ".repeat(BAR - done),
            part * 100,
            ByteSize.text(bytes),
            ByteSize.text(total),
            ByteSize.text((long) rate),
            left);
  }
}
