package dllama.cluster.port;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A connection that somebody opened to this node, with every byte checked as it is read. Where one
/// is not in order, or the [Gate] ends the connection, it looks to the reader as if the peer had
/// closed it.
///
/// One thread reads at a time, as with any channel; [#end] is for any thread.
final class GuardedChannel extends SocketChannel {
  private static final int END = -1;

  private final SocketChannel jdk;
  private final Gate gate;
  private final InetAddress peer;
  private final ByteCheck check;
  private final long openedAt = System.nanoTime();
  private long frames;
  private volatile long waitingSince = openedAt;
  private volatile boolean waiting = true;
  private volatile int unfinished;
  private volatile boolean greeted;
  private boolean announced;
  private volatile boolean ended;

  GuardedChannel(
      SelectorProvider provider, SocketChannel jdk, Gate gate, InetAddress peer, ByteCheck check) {
    super(provider);
    this.jdk = jdk;
    this.gate = gate;
    this.peer = peer;
    this.check = check;
  }

  SocketChannel jdk() {
    return jdk;
  }

  InetAddress peer() {
    return peer;
  }

  long openedAt() {
    return openedAt;
  }

  /// Whether it is known for a node: a whole frame has come, or TLS has seen its key.
  boolean isGreeted() {
    return greeted;
  }

  boolean isEnded() {
    return ended;
  }

  /// Whether the peer has kept this node waiting since before `deadline`: for its first frame, or
  /// for the rest of one.
  boolean isOverdue(long deadline) {
    return waiting && waitingSince - deadline < 0;
  }

  /// Since when the peer keeps this node waiting; means something only while it does.
  long waitingSince() {
    return waitingSince;
  }

  /// Bytes of a frame that is not here as a whole.
  int unfinishedBytes() {
    return unfinished;
  }

  /// Ends this connection: its reader, woken for that, sees the end of the stream.
  void end() {
    ended = true;
    try {
      jdk.shutdownInput();
    } catch (IOException e) {
      // not connected any more: the reader sees that, too
    }
  }

  @Override
  public int read(ByteBuffer to) throws IOException {
    int from = to.position();
    int count = jdk.read(to);
    if (count > 0 && !ended && check.read(to, from, from + count) && announce()) {
      account();
    } else if (count > 0 && !ended) {
      gate.refused(this, check);
      end();
    }
    if (ended) {
      to.position(from);
      return END;
    }
    return count;
  }

  @Override
  public long read(ByteBuffer[] to, int offset, int length) throws IOException {
    throw new UnsupportedOperationException("one buffer at a time");
  }

  /// Lets the TLS engine of this connection find it by what came first.
  ///
  /// @return false if that was said before: random bytes are not, but by who repeats them
  private boolean announce() {
    byte[] greeting = announced ? null : check.greeting();
    announced |= greeting != null;
    return greeting == null || Greetings.announce(greeting, this);
  }

  /// TLS has seen its key.
  void known() {
    greeted = true;
    waiting = false;
    gate.known(this);
  }

  /// Whether it has spoken, and is not known for a node all the same.
  boolean isStranger() {
    return announced && !greeted;
  }

  /// It is refused for what came out of TLS.
  void refused(String why) {
    gate.refused(this, why);
    end();
  }

  /// After bytes that are in order.
  private void account() {
    int now = check.unfinishedBytes();
    boolean another = check.frames() != frames;
    if (another) {
      frames = check.frames();
      if (!greeted && !announced) { // TLS says itself when it is
        greeted = true;
        gate.known(this);
      }
    }
    if (!greeted) {
      waiting = true; // since it was opened, however it goes on
    } else if (now == 0) {
      waiting = false;
    } else if (another || !waiting) {
      waitingSince = System.nanoTime();
      waiting = true;
    }
    int before = unfinished;
    if (now != before) {
      unfinished = now;
      gate.buffered(now - before);
    }
  }

  @Override
  protected void implCloseSelectableChannel() throws IOException {
    byte[] greeting = check.greeting();
    if (announced && greeting != null) {
      Greetings.forget(greeting, this);
    }
    gate.forget(this);
    jdk.close();
  }

  @Override
  protected void implConfigureBlocking(boolean block) throws IOException {
    jdk.configureBlocking(block);
  }

  // ---- the rest is the JDK's

  @Override
  public int write(ByteBuffer from) throws IOException {
    return jdk.write(from);
  }

  @Override
  public long write(ByteBuffer[] from, int offset, int length) throws IOException {
    return jdk.write(from, offset, length);
  }

  @Override
  public SocketChannel bind(SocketAddress local) throws IOException {
    jdk.bind(local);
    return this;
  }

  @Override
  public <T> SocketChannel setOption(SocketOption<T> name, T value) throws IOException {
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
  public SocketChannel shutdownInput() throws IOException {
    jdk.shutdownInput();
    return this;
  }

  @Override
  public SocketChannel shutdownOutput() throws IOException {
    jdk.shutdownOutput();
    return this;
  }

  @Override
  public Socket socket() {
    return jdk.socket();
  }

  @Override
  public boolean isConnected() {
    return jdk.isConnected();
  }

  @Override
  public boolean isConnectionPending() {
    return jdk.isConnectionPending();
  }

  @Override
  public boolean connect(SocketAddress remote) throws IOException {
    return jdk.connect(remote);
  }

  @Override
  public boolean finishConnect() throws IOException {
    return jdk.finishConnect();
  }

  @Override
  public @Nullable SocketAddress getRemoteAddress() throws IOException {
    return jdk.getRemoteAddress();
  }

  @Override
  public @Nullable SocketAddress getLocalAddress() throws IOException {
    return jdk.getLocalAddress();
  }
}
