package dllama.cluster.port;

import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The guard at the ports of this process: wraps the sockets that Akka listens on, so that every
/// connection is counted and every byte is looked at before Akka has it. See [FrameCheck],
/// [TlsCheck], [Gate].
public final class PortGuard {
  /// What `dllama.sync.max-frame-bytes` may be at most.
  private static final int MOST_FRAME_BYTES = 64 << 20;

  /// As many first bytes tell TLS connections apart: headers, a version and 32 random bytes.
  public static final int GREETING_BYTES = 5 + 4 + 2 + 32;

  private static final Set<Gate> GATES = ConcurrentHashMap.newKeySet();
  private static final OutgoingConnections OUTGOING = new OutgoingConnections();
  private static volatile int maxFrameBytes = MOST_FRAME_BYTES;
  private static volatile boolean encrypted;

  private PortGuard() {}

  /// What comes over connections to ports that are opened from now on.
  ///
  /// @param mostFrameBytes larger frames are refused
  /// @param tls whether all is encrypted, so that only the TLS engine sees frames
  public static void expect(int mostFrameBytes, boolean tls) {
    maxFrameBytes = mostFrameBytes;
    encrypted = tls;
  }

  /// For what one connection says: frames, as nodes send them.
  public static ByteCheck frames() {
    return new FrameCheck(maxFrameBytes);
  }

  /// For what comes back over a connection to another node: nothing.
  public static ByteCheck silence() {
    return new Silence();
  }

  /// TLS has seen the key of who began with `greeting`.
  public static void known(byte[] greeting) {
    GuardedChannel channel = Greetings.of(greeting);
    if (channel != null) {
      channel.known();
    }
  }

  /// TLS has refused who began with `greeting`.
  ///
  /// @param why as the end of a sentence
  public static void refused(byte[] greeting, String why) {
    GuardedChannel channel = Greetings.of(greeting);
    if (channel != null) {
      channel.refused(why);
    }
  }

  /// Ends connections that keep their port waiting. To be called about every second.
  public static void sweep() {
    GATES.forEach(Gate::sweep);
  }

  /// A channel for a connection to another node is opened.
  ///
  /// @param owner whose it is, see [#hangUp]
  public static void opened(SocketChannel channel, Object owner) {
    OUTGOING.opened(channel, owner);
  }

  /// Ends the connections to other nodes of who has nothing to say any more.
  public static void hangUp(Object owner) {
    OUTGOING.hangUp(owner);
  }

  /// A socket to listen on, whose connections are guarded.
  public static ServerSocketChannel listen(SelectorProvider provider, ServerSocketChannel jdk) {
    Supplier<ByteCheck> checks = encrypted ? TlsCheck::new : PortGuard::frames;
    Gate gate = new Gate(Gate.Limits.usual(), Refusals.ofProcess());
    GATES.add(gate);
    return new GuardedServerChannel(provider, jdk, gate, checks, GATES::remove);
  }

  /// Registers a channel, guarded or not, with one of the JDK's selectors, which know only the
  /// JDK's channels.
  public static SelectionKey register(
      AbstractSelectableChannel channel,
      AbstractSelector selector,
      int operations,
      @Nullable Object attachment)
      throws ClosedChannelException {
    return switch (channel) {
      case GuardedChannel guarded ->
          new GuardedKey(guarded, guarded.jdk().register(selector, operations, attachment));
      case GuardedServerChannel guarded ->
          new GuardedKey(guarded, guarded.jdk().register(selector, operations, attachment));
      default -> channel.register(selector, operations, attachment);
    };
  }
}
