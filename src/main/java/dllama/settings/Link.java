package dllama.settings;

import java.time.Duration;

/// A network between nodes as `plan` knows it.
///
/// @param bitsPerSecond on the wire, in each direction
/// @param latency of one way
/// @param shared whether all nodes together have the rate, as in the air, and not each of them
public record Link(String name, double bitsPerSecond, Duration latency, boolean shared) {
  /// TCP payload of what an Ethernet frame takes on the wire: 1448 of 1538 bytes.
  private static final double PAYLOAD = 1448.0 / 1538;

  static Link from(String name, Values values) {
    return new Link(
        name,
        values.real("bits", Devices.MIN_BITS, Devices.MAX_BITS),
        values.duration("latency", Duration.ZERO, Duration.ofSeconds(10)),
        values.flag("shared"));
  }

  /// Payload per second.
  public double bytesPerSecond() {
    return bitsPerSecond / 8 * PAYLOAD;
  }
}
