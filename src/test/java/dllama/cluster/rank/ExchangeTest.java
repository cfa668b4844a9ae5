package dllama.cluster.rank;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.cluster.wire.FrameBuffer;
import dllama.cluster.wire.FramePool;
import dllama.cluster.wire.TensorFrame.Partial;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExchangeTest {
  private static final int EPOCH = 3;
  private static final int BYTES = 64;

  private final FramePool pool = new FramePool(8);
  private final Exchange exchange = new Exchange(EPOCH, 1, 4, pool);
  private final MemorySegment own = MemorySegment.ofArray(new byte[BYTES]);

  @Test
  void shouldGiveThePartialsInRankOrderOnceAllAreThere() {
    Partial third = partial(0, 3);
    assertTrue(exchange.put(third));
    assertTrue(exchange.put(partial(0, 0)));
    assertFalse(exchange.settled());
    assertEquals(2, exchange.missingRank());
    assertTrue(exchange.put(partial(0, 2)));
    assertTrue(exchange.settled());
    MemorySegment[] all = exchange.take(own);
    assertEquals(4, all.length);
    assertSame(own, all[1]);
    assertSame(third.values().segment(), all[3]);
  }

  @Test
  void shouldTellHowMuchLaterThanThisRankEachFrameCame() {
    PeerWaits waits = new PeerWaits(EPOCH, 4);
    exchange.put(partial(0, 3));
    long between = System.nanoTime();
    exchange.put(partial(0, 0));
    exchange.put(partial(0, 2));
    exchange.tellLate(between, waits);
    long passed = System.nanoTime() - between;
    List<Long> nanos = waits.now().nanos();
    assertEquals(0, nanos.get(1), "this rank itself");
    assertEquals(0, nanos.get(3), "was here before");
    assertTrue(nanos.get(0) > 0 && nanos.get(0) <= nanos.get(2), nanos::toString);
    assertTrue(nanos.get(2) <= passed, nanos::toString);
  }

  @Test
  void shouldKeepThePartialsOfAPeerThatIsThreeAhead() {
    List<Partial> early = List.of(partial(0, 0), partial(1, 0), partial(2, 0), partial(3, 0));
    early.forEach(partial -> assertTrue(exchange.put(partial)));
    for (int round = 0; round < 4; round++) {
      assertFalse(exchange.settled());
      assertEquals(2, exchange.missingRank());
      exchange.put(partial(round, 2));
      exchange.put(partial(round, 3));
      assertTrue(exchange.settled());
      assertSame(early.get(round).values().segment(), exchange.take(own)[0]);
      exchange.next();
      assertTrue(exchange.put(partial(round + 4, 0)), "three ahead of the next round");
    }
  }

  @Test
  void shouldDropWhatItCanNotBeWaitingFor() {
    assertFalse(exchange.put(new Partial(EPOCH - 1, 0, 0, buffer(BYTES))), "earlier epoch");
    assertFalse(exchange.put(partial(4, 0)), "four ahead");
    assertFalse(exchange.put(partial(-1, 0)), "past");
    assertFalse(exchange.put(partial(0, 1)), "this rank itself");
    assertFalse(exchange.put(partial(0, 4)), "no such rank");
    assertFalse(exchange.put(partial(0, -1)), "no such rank");
    assertTrue(exchange.put(partial(0, 0)));
    assertFalse(exchange.put(partial(0, 0)), "doubled");
    assertFalse(exchange.settled());
  }

  @Test
  void shouldTellWhoIsMissingAndHowLongFramesAre() {
    exchange.put(new Partial(EPOCH, 0, 0, buffer(BYTES - 1)));
    exchange.put(new Partial(EPOCH, 0, 2, buffer(0)));
    assertEquals(BYTES - 1, exchange.length(0));
    assertEquals(0, exchange.length(2));
    assertEquals(-1, exchange.length(3));
    assertThrows(IllegalStateException.class, () -> exchange.take(own));
  }

  @Test
  void shouldSettleForGoodWhenItFails() {
    exchange.fail("the worker at b went away");
    exchange.fail("a later reason");
    assertTrue(exchange.settled());
    assertEquals("the worker at b went away", exchange.failure());
    exchange.next();
    assertTrue(exchange.settled());
  }

  @Test
  void shouldGiveBuffersBackToThePool() {
    Partial partial = partial(0, 0);
    exchange.put(partial);
    exchange.next();
    assertSame(partial.values(), pool.take(BYTES));
  }

  private static Partial partial(long sync, int rank) {
    return new Partial(EPOCH, sync, rank, buffer(BYTES));
  }

  private static FrameBuffer buffer(int length) {
    return new FrameBuffer(length).withLength(length);
  }
}
