package dllama.cluster.port;

import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;

/// The JDK's key of a guarded channel, which names the guarded channel in place of the JDK's:
/// whoever closes it by its key closes the right one.
final class GuardedKey extends SelectionKey {
  private final SelectableChannel guarded;
  private final SelectionKey jdk;

  GuardedKey(SelectableChannel guarded, SelectionKey jdk) {
    this.guarded = guarded;
    this.jdk = jdk;
  }

  @Override
  public SelectableChannel channel() {
    return guarded;
  }

  @Override
  public Selector selector() {
    return jdk.selector();
  }

  @Override
  public boolean isValid() {
    return jdk.isValid();
  }

  @Override
  public void cancel() {
    jdk.cancel();
  }

  @Override
  public int interestOps() {
    return jdk.interestOps();
  }

  @Override
  public SelectionKey interestOps(int operations) {
    jdk.interestOps(operations);
    return this;
  }

  @Override
  public int readyOps() {
    return jdk.readyOps();
  }
}
