package dllama.cluster.port;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.Map;
import jdk.net.ExtendedSocketOptions;

/// Has the system ask, where nothing is said, whether the other end is there still. A computer
/// whose cable was pulled before it went off says no goodbye, and a connection over which it only
/// ever spoke would stay open for ever: each such end would cost some descriptors and buffers.
final class KeepAlive {
  /// Seconds of silence before the first question, and between questions.
  private static final Map<SocketOption<Integer>, Integer> SECONDS =
      Map.of(
          ExtendedSocketOptions.TCP_KEEPIDLE, 30,
          ExtendedSocketOptions.TCP_KEEPINTERVAL, 10,
          ExtendedSocketOptions.TCP_KEEPCOUNT, 3);

  private KeepAlive() {}

  /// Of a connection that is open; where the system has no such times its own are taken.
  static void begin(SocketChannel channel) throws IOException {
    channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    for (Map.Entry<SocketOption<Integer>, Integer> option : SECONDS.entrySet()) {
      if (channel.supportedOptions().contains(option.getKey())) {
        channel.setOption(option.getKey(), option.getValue());
      }
    }
  }
}
