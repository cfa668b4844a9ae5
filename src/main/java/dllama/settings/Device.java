package dllama.settings;

import java.time.Duration;

/// A kind of computer as `plan` knows it; conf/devices.conf says where figures come from.
///
/// @param memoryBytes what the system has
/// @param cores physical ones
/// @param readRate bytes of weights per second that all cores take in while they decode
/// @param productRate multiply-adds per second in batches
/// @param exchange what an exchange costs beside the wire
/// @param message what each partial of another node adds to that
/// @param measured by us; else estimated
public record Device(
    String name,
    long memoryBytes,
    int cores,
    double readRate,
    double productRate,
    Duration exchange,
    Duration message,
    boolean measured) {
  private static final double GIGA = 1e9;

  static Device from(String name, Values values) {
    return new Device(
        name,
        values.size("memory"),
        values.integer("cores", 1, 1024),
        values.real("read", 0.001, 1e5) * GIGA,
        values.real("products", 0.001, 1e7) * GIGA,
        values.duration("exchange", Duration.ZERO, Duration.ofSeconds(1)),
        values.duration("message", Duration.ZERO, Duration.ofSeconds(1)),
        values.flag("measured"));
  }

  /// What weights, cache and the process itself may take; see `dllama.weights.memory-limit`.
  public long usableBytes() {
    return Memory.usable(memoryBytes);
  }

  /// The same with only some of its cores at work: both rates go down with them. Memory may in
  /// truth be as fast with fewer.
  public Device withThreads(int threads) {
    double share = Math.min(1, (double) threads / cores);
    return new Device(
        name,
        memoryBytes,
        cores,
        readRate * share,
        productRate * share,
        exchange,
        message,
        measured);
  }

  /// For a file of `--devices`.
  public String entry() {
    return "devices.%s { memory = %d MiB, cores = %d, read = %s, products = %s, exchange = %d us, message = %d us, measured = %s }"
        .formatted(
            name,
            memoryBytes >> 20,
            cores,
            rounded(readRate),
            rounded(productRate),
            exchange.toNanos() / 1000,
            message.toNanos() / 1000,
            measured ? "yes" : "no");
  }

  private static double rounded(double rate) {
    return Math.round(rate / GIGA * 100) / 100.0;
  }
}
