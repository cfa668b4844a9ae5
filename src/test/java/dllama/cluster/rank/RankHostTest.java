package dllama.cluster.rank;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.Address;
import dllama.settings.Settings;
import dllama.settings.Settings.Option;
import dllama.slice.SliceCache;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RankHostTest {
  private static final int CORES = Runtime.getRuntime().availableProcessors();

  /// A thread that spins would keep another one from its work, unless the user wants it so.
  @ParameterizedTest
  @CsvSource({"auto, 1, true", "auto, 2, false", "50us, 2, true", "0, 2, true"})
  void shouldSpinWhereEveryThreadHasACore(String spin, int ranks, boolean spins) {
    assertEquals(spins, host(spin, CORES).shareCores(ranks));
  }

  @Test
  void shouldCountTheThreadsOfAllRanksAsItsOwn() {
    assertTrue(host("auto", 1).shareCores(CORES));
    assertFalse(host("auto", 1).shareCores(CORES + 1));
  }

  @Test
  void shouldKnowWhoIsOnTheSameMachine() {
    Address here = new Address("akka", "dllama", "192.168.1.10", 9990);
    Address neighbour = new Address("akka", "dllama", "192.168.1.10", 40123);
    Address other = new Address("akka", "dllama", "192.168.1.11", 9990);
    Address self = new Address("akka", "dllama");
    assertEquals(2, RankHost.ranksOn(here, List.of(self, neighbour, other, other)));
    assertEquals(1, RankHost.ranksOn(here, List.of(other, self)));
  }

  private static RankHost host(String spin, int threads) {
    var properties = new Properties();
    properties.setProperty("dllama.exchange.spin", spin);
    var role = new Option("--role", "role", "root");
    Settings settings = Settings.load(Optional.empty(), properties, List.of(role));
    var store = new SliceStore(SliceCache.off(), _ -> false);
    var pool = new WorkerPool(threads);
    pool.close(); // it is only asked how many there are
    return new RankHost(
        store,
        Kernels.choose(false),
        pool,
        Runnable::run,
        settings.cluster(),
        WorkerListener.silent(),
        _ -> {});
  }
}
