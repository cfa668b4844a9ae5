package dllama.cluster.port;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.Set;
import jdk.net.ExtendedSocketOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Has the system ask, where nothing is said, whether the other end is there still. A computer
/// whose cable was pulled before it went off says no goodbye, and a connection on which this node
/// has nothing to say would stay open for ever: each would cost some descriptors and buffers.
final class KeepAlive {
  private static final Logger log = LoggerFactory.getLogger(KeepAlive.class);

  /// Seconds of silence before the first question, seconds between questions, and how many.
  private static final Map<SocketOption<Integer>, Integer> OPTIONS =
      Map.of(
          ExtendedSocketOptions.TCP_KEEPIDLE, 30,
          ExtendedSocketOptions.TCP_KEEPINTERVAL, 10,
          ExtendedSocketOptions.TCP_KEEPCOUNT, 3);

  private KeepAlive() {}

  /// Of a connection, which need not be there yet. Where the system can not be told these times its
  /// own are taken; one that has ended already is of no concern: who reads sees that.
  static void begin(SocketChannel channel) {
    Set<SocketOption<?>> known = channel.supportedOptions();
    try {
      channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      for (Map.Entry<SocketOption<Integer>, Integer> option : OPTIONS.entrySet()) {
        if (known.contains(option.getKey())) {
          channel.setOption(option.getKey(), option.getValue());
        }
      }
    } catch (IOException e) {
      log.debug("a connection without keep-alive", e);
    }
  }
}
