package dllama.cluster.loop;

import dllama.cluster.port.PortGuard;
import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A selector that lets the [EventLoop] it is used on decide whether to block.
///
/// It belongs to the loop whose task selects on it; used elsewhere, it is the JDK's selector.
/// Its keys are the JDK's keys, so `key.selector()` and `channel.keyFor` know only that one.
final class LoopSelector extends AbstractSelector {
  private final AbstractSelector nio;
  private volatile @Nullable EventLoop loop;
  private volatile boolean woken;

  LoopSelector(SelectorProvider provider, AbstractSelector nio) {
    super(provider);
    this.nio = nio;
  }

  /// Whether `wakeup` was called since the last selection.
  boolean isWoken() {
    return woken;
  }

  @Override
  public int select(long timeoutMillis) throws IOException {
    LoopWait current = LoopWait.current();
    EventLoop host = current == null ? null : current.loop();
    if (host != loop) {
      if (host != null) {
        host.host(this);
      }
      loop = host;
    }
    try {
      return host == null ? nio.select(timeoutMillis) : host.select(nio, timeoutMillis);
    } finally {
      woken = false;
    }
  }

  @Override
  public int select() throws IOException {
    return select(0);
  }

  @Override
  public int selectNow() throws IOException {
    return nio.selectNow();
  }

  /// On the loop's own thread, which is where Akka mostly calls it, this is one volatile write.
  @Override
  public Selector wakeup() {
    woken = true;
    EventLoop host = loop;
    if (host == null) {
      nio.wakeup();
    } else {
      host.wake();
    }
    return this;
  }

  @Override
  protected SelectionKey register(
      AbstractSelectableChannel channel, int operations, @Nullable Object attachment) {
    try {
      return PortGuard.register(channel, nio, operations, attachment);
    } catch (ClosedChannelException e) {
      throw (CancelledKeyException) new CancelledKeyException().initCause(e);
    }
  }

  @Override
  protected void implCloseSelector() throws IOException {
    nio.close();
  }

  @Override
  public Set<SelectionKey> keys() {
    return nio.keys();
  }

  @Override
  public Set<SelectionKey> selectedKeys() {
    return nio.selectedKeys();
  }
}
