package dllama.cluster.rank;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.cluster.wire.FramePool;
import dllama.settings.Settings;
import dllama.tensor.Kernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StageTest {
  private final Settings settings = Settings.load(Optional.empty(), new Properties(), List.of());
  private final Stage stage = new Stage(Kernels.choose(false), settings.cluster(), () -> {});
  private final Exchange exchange = new Exchange(-1, 0, 2, new FramePool(1));
  private final List<String> order = new ArrayList<>();

  @Test
  void shouldPlayNothingOfWhatHasFailed() {
    stage.play(exchange, () -> order.add("first"));
    exchange.fail("over");
    stage.play(exchange, () -> order.add("second"));
    assertEquals(List.of("first"), order);
  }

  @Test
  void shouldPlayARealStepAfterTheOneUnderWay() throws InterruptedException {
    var begun = new CountDownLatch(1);
    stage
        .host()
        .compute(
            () ->
                stage.play(
                    exchange,
                    () -> {
                      begun.countDown();
                      while (exchange.failure() == null) {
                        Thread.onSpinWait();
                      }
                      order.add("the step ends");
                    }));
    assertTrue(begun.await(20, TimeUnit.SECONDS));
    exchange.fail("over");
    stage.play(new Exchange(1, 0, 2, new FramePool(1)), () -> order.add("a real one"));
    assertEquals(List.of("the step ends", "a real one"), order);
  }
}
