package dllama.cluster.port;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A listening socket that hands out [GuardedChannel]s, and only those that its [Gate] admits.
final class GuardedServerChannel extends ServerSocketChannel {
  private final ServerSocketChannel jdk;
  private final Gate gate;
  private final Supplier<ByteCheck> checks;
  private final Consumer<Gate> closed;

  /// @param checks makes one for each connection
  /// @param closed told when this channel is
  GuardedServerChannel(
      SelectorProvider provider,
      ServerSocketChannel jdk,
      Gate gate,
      Supplier<ByteCheck> checks,
      Consumer<Gate> closed) {
    super(provider);
    this.jdk = jdk;
    this.gate = gate;
    this.checks = checks;
    this.closed = closed;
  }

  ServerSocketChannel jdk() {
    return jdk;
  }

  @Override
  public @Nullable SocketChannel accept() throws IOException {
    while (true) {
      SocketChannel accepted = jdk.accept();
      if (accepted == null) {
        return null;
      }
      if (accepted.getRemoteAddress() instanceof InetSocketAddress peer) {
        var channel =
            new GuardedChannel(provider(), accepted, gate, peer.getAddress(), checks.get());
        if (gate.admit(channel)) {
          KeepAlive.begin(accepted);
          return channel;
        }
      }
      accepted.close();
    }
  }

  @Override
  public ServerSocketChannel bind(SocketAddress local, int backlog) throws IOException {
    jdk.bind(local, backlog);
    return this;
  }

  @Override
  public <T> ServerSocketChannel setOption(SocketOption<T> name, T value) throws IOException {
    jdk.setOption(name, value);
    return this;
  }

  @Override
  public <T> T getOption(SocketOption<T> name) throws IOException {
    return jdk.getOption(name);
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return jdk.supportedOptions();
  }

  @Override
  public ServerSocket socket() {
    return jdk.socket();
  }

  @Override
  public @Nullable SocketAddress getLocalAddress() throws IOException {
    return jdk.getLocalAddress();
  }

  @Override
  protected void implCloseSelectableChannel() throws IOException {
    closed.accept(gate);
    jdk.close();
  }

  @Override
  protected void implConfigureBlocking(boolean block) throws IOException {
    jdk.configureBlocking(block);
  }
}
