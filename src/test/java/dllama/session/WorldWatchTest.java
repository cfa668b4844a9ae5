package dllama.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dllama.cluster.membership.RootListener;
import dllama.step.ForwardException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WorldWatchTest {
  /// Names of the methods that the front end's listener was called by.
  private final List<String> told = new ArrayList<>();

  private final WorldWatch watch =
      new WorldWatch(
          (RootListener)
              Proxy.newProxyInstance(
                  RootListener.class.getClassLoader(),
                  new Class<?>[] {RootListener.class},
                  (_, method, _) -> {
                    told.add(method.getName());
                    return null;
                  }));

  @Test
  void shouldEndTheWaitForNodesThatDoNotCome() {
    watch.waiting("1 of 2 nodes; waiting for 1 worker, or --nodes 1");
    ForwardException e =
        assertThrows(ForwardException.class, () -> watch.await(Duration.ofMillis(20)));
    assertEquals(
        "no cluster after 0 s: 1 of 2 nodes; waiting for 1 worker, or --nodes 1", e.getMessage());
  }

  @Test
  void shouldNotCountLoadingAsWaiting() throws Exception {
    watch.forming(2);
    CompletableFuture<Integer> nodes =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return watch.await(Duration.ofMillis(1)).nodes();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    TimeUnit.MILLISECONDS.sleep(50);
    watch.ready(2, 0, 50);
    assertEquals(2, nodes.get(60, TimeUnit.SECONDS));
  }

  @Test
  void shouldWaitAgainAfterALossOrAChange() throws Exception {
    watch.ready(4, 0, 1500);
    assertEquals(new Root.Ready(4, 1500), watch.await(Duration.ofMillis(1)));
    watch.lost("the worker at 10.0.0.2 is gone");
    assertThrows(ForwardException.class, () -> watch.await(Duration.ofMillis(1)));
    watch.ready(2, 0, 10);
    watch.changing(4);
    assertThrows(ForwardException.class, () -> watch.await(Duration.ofMillis(1)));
  }

  @Test
  void shouldNotWaitForTheRehearsalOfAWorldThatIsLost() throws Exception {
    watch.ready(2, 0, 10);
    watch.rehearsed("it gets no quicker");
    watch.awaitRehearsed(Duration.ofDays(1));
    watch.forming(2);
    watch.lost("the worker at 10.0.0.2 is gone");
    watch.awaitRehearsed(Duration.ofDays(1));
  }

  @Test
  void shouldTellTheFrontEndEverything() throws Exception {
    List<String> all = new ArrayList<>();
    for (Method method : RootListener.class.getMethods()) {
      if (!Modifier.isStatic(method.getModifiers())) {
        all.add(method.getName());
        method.invoke(watch, Arrays.stream(method.getParameterTypes()).map(this::any).toArray());
      }
    }
    assertEquals(all, told);
  }

  private Object any(Class<?> type) {
    if (type == int.class) {
      return 2;
    }
    if (type == long.class) {
      return 2L;
    }
    return type == boolean.class ? (Object) true : "text";
  }
}
