package dllama.cluster.loop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.spi.SelectorProvider;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/// A selector used as Akka uses its own: a task that selects, handles and queues itself again.
final class TestSelector implements AutoCloseable {
  final LoopSelector selector;
  final AtomicInteger received = new AtomicInteger();
  private final Executor executor;
  private final Pipe pipe;
  private final ByteBuffer in = ByteBuffer.allocate(64);

  TestSelector(Executor executor) throws IOException {
    this.executor = executor;
    SelectorProvider provider = SelectorProvider.provider();
    selector = new LoopSelector(provider, provider.openSelector());
    pipe = provider.openPipe();
    pipe.source().configureBlocking(false);
    pipe.source().register(selector, SelectionKey.OP_READ);
    executor.execute(this::select);
  }

  /// One byte over the "network".
  void send() {
    try {
      pipe.sink().write(ByteBuffer.wrap(new byte[1]));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void select() {
    if (!selector.isOpen()) {
      return;
    }
    try {
      if (selector.select(10_000) > 0) {
        selector.selectedKeys().clear();
        received.addAndGet(pipe.source().read(in.clear()));
      }
    } catch (ClosedSelectorException | ClosedChannelException e) {
      return; // closed by the test's thread after the look above
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try {
      executor.execute(this::select);
    } catch (RejectedExecutionException e) {
      // shut down: the end of this selector, too
    }
  }

  @Override
  public void close() throws IOException {
    selector.close();
    selector.wakeup();
    pipe.sink().close();
    pipe.source().close();
  }
}
