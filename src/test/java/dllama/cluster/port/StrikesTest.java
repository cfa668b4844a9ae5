package dllama.cluster.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class StrikesTest {
  private final AtomicLong time = new AtomicLong(Long.MAX_VALUE - 5); // wraps around
  private final Strikes strikes = new Strikes(time::get);

  @Test
  void shouldNotListenForAWhileToWhoTriesAgainAndAgain() throws IOException {
    InetAddress address = address(1);
    int count = 0;
    while (!strikes.isOut(address, true)) {
      strikes.strike(address);
      count++;
    }
    assertEquals(11, count);
    assertFalse(strikes.isOut(address(2), false));
    time.addAndGet(TimeUnit.SECONDS.toNanos(1));
    assertFalse(strikes.isOut(address, true));
    strikes.strike(address);
    assertTrue(strikes.isOut(address, true));
    time.addAndGet(TimeUnit.SECONDS.toNanos(100));
    assertFalse(strikes.isOut(address, true));
  }

  @Test
  void shouldKeepNodesThatAreKnownFromAFloodOfAddresses() throws IOException {
    for (int i = 1; i <= 60; i++) {
      strikes.strike(address(i));
    }
    assertTrue(strikes.isOut(address(100), false));
    assertFalse(strikes.isOut(address(100), true));
    time.addAndGet(TimeUnit.SECONDS.toNanos(3));
    assertFalse(strikes.isOut(address(100), false));
  }

  private static InetAddress address(int last) throws IOException {
    return InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) last});
  }
}
