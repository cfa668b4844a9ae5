package dllama.cluster.loop;

import dllama.cluster.port.PortGuard;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.ProtocolFamily;
import java.nio.channels.Channel;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The JDK's selector provider, except that Akka's selectors are [LoopSelector]s, and that the
/// sockets on which nodes listen are [guarded][PortGuard]; everybody else in the JVM gets the
/// JDK's.
///
/// Java makes one provider per JVM, when the network is first used, and takes the class named by a
/// system property, so this class and its constructor are public. The JDK's own provider is in a
/// package that must be exported to us.
public final class LoopSelectorProvider extends SelectorProvider {
  private static final String PROPERTY = "java.nio.channels.spi.SelectorProvider";
  private static final String JDK_PACKAGE = "sun.nio.ch";
  private static final String SELECTOR_USER = "akka.io.SelectionHandler";
  private static final String LISTENER = "akka.io.TcpListener";
  private static final String CALLER = "akka.io.TcpOutgoingConnection";

  private final SelectorProvider jdk = jdkProvider();

  /// Called by Java.
  public LoopSelectorProvider() {}

  /// Makes this the provider of the JVM, if that is possible here and now.
  ///
  /// @return why it is not, or empty
  static Optional<String> install() {
    Module here = LoopSelectorProvider.class.getModule();
    if (!Object.class.getModule().isExported(JDK_PACKAGE, here)) {
      return Optional.of("no --add-exports java.base/" + JDK_PACKAGE + "=ALL-UNNAMED");
    }
    if (System.getProperty(PROPERTY) == null) {
      System.setProperty(PROPERTY, LoopSelectorProvider.class.getName());
    }
    SelectorProvider current = SelectorProvider.provider();
    return current instanceof LoopSelectorProvider
        ? Optional.empty()
        : Optional.of("the selector provider is already " + current.getClass().getName());
  }

  private static SelectorProvider jdkProvider() {
    try {
      Class<?> type = Class.forName(JDK_PACKAGE + ".DefaultSelectorProvider");
      return (SelectorProvider) type.getMethod("get").invoke(null);
    } catch (ClassNotFoundException
        | NoSuchMethodException
        | IllegalAccessException
        | InvocationTargetException e) {
      throw new IllegalStateException(
          PROPERTY + " needs --add-exports java.base/" + JDK_PACKAGE + "=ALL-UNNAMED", e);
    }
  }

  @Override
  public AbstractSelector openSelector() throws IOException {
    AbstractSelector selector = jdk.openSelector();
    return isCalledBy(SELECTOR_USER) ? new LoopSelector(this, selector) : selector;
  }

  /// Whether the sockets of a node are at work, not those of another actor system: they are the
  /// exchange dispatcher's.
  private static boolean isOnExchange() {
    return LoopWait.current() != null
        || Thread.currentThread().getName().contains(ExchangeDispatcher.ID);
  }

  /// Whose exchange the current thread works for: two threads may do so by turns where there is an
  /// event loop, else there is one.
  static Object owner() {
    LoopWait current = LoopWait.current();
    return current == null ? Thread.currentThread() : current;
  }

  private static boolean isCalledBy(String user) {
    return StackWalker.getInstance()
        .walk(frames -> frames.anyMatch(frame -> frame.getClassName().startsWith(user)));
  }

  @Override
  public DatagramChannel openDatagramChannel() throws IOException {
    return jdk.openDatagramChannel();
  }

  @Override
  public DatagramChannel openDatagramChannel(ProtocolFamily family) throws IOException {
    return jdk.openDatagramChannel(family);
  }

  @Override
  public Pipe openPipe() throws IOException {
    return jdk.openPipe();
  }

  @Override
  public ServerSocketChannel openServerSocketChannel() throws IOException {
    ServerSocketChannel channel = jdk.openServerSocketChannel();
    return isOnExchange() && isCalledBy(LISTENER) ? PortGuard.listen(this, channel) : channel;
  }

  @Override
  public ServerSocketChannel openServerSocketChannel(ProtocolFamily family) throws IOException {
    return jdk.openServerSocketChannel(family);
  }

  @Override
  public SocketChannel openSocketChannel() throws IOException {
    SocketChannel channel = jdk.openSocketChannel();
    if (isOnExchange() && isCalledBy(CALLER)) {
      PortGuard.opened(channel, owner());
    }
    return channel;
  }

  @Override
  public SocketChannel openSocketChannel(ProtocolFamily family) throws IOException {
    return jdk.openSocketChannel(family);
  }

  @Override
  public @Nullable Channel inheritedChannel() throws IOException {
    return jdk.inheritedChannel();
  }
}
