package dllama.cluster.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The choice in JVMs that were started in other ways than this one.
@Timeout(120)
@Tag("slow")
class ExchangeChoiceTest {
  private static final String EXPORT = "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED";
  private static final String PROVIDER = "java.nio.channels.spi.SelectorProvider";

  /// The other JVM: prints what was chosen.
  static final class Probe {
    private Probe() {}

    public static void main(String[] args) throws IOException {
      if (args.length > 0) {
        SocketChannel.open().close(); // from now on the provider is settled
      }
      var exchange = ExchangeDispatcher.choose(true, Duration.ZERO);
      System.out.println("eventLoop=" + exchange.isEventLoop());
    }
  }

  private static String choice(List<String> options, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Probe.class.getName()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }

  @Test
  void shouldFallBackWithoutTheExport() throws Exception {
    String output = choice(List.of());
    assertTrue(output.contains("eventLoop=false"), output);
  }

  @Test
  void shouldFallBackWhenTheNetworkWasUsedBefore() throws Exception {
    String output = choice(List.of(EXPORT), "network first");
    assertTrue(output.contains("eventLoop=false"), output);
  }

  @Test
  void shouldFallBackBesideAnotherProvider() throws Exception {
    String jdk = "-D" + PROVIDER + "=sun.nio.ch.EPollSelectorProvider";
    if (System.getProperty("os.name").equals("Linux")) {
      String output = choice(List.of(EXPORT, jdk));
      assertTrue(output.contains("eventLoop=false"), output);
    }
  }

  @Test
  void shouldInstallTheProviderByItself() throws Exception {
    String output = choice(List.of(EXPORT));
    assertTrue(output.contains("eventLoop=true"), output);
  }

  @Test
  void shouldTakeTheProviderOfTheCommandLine() throws Exception {
    String ours = "-D" + PROVIDER + "=" + LoopSelectorProvider.class.getName();
    String output = choice(List.of(EXPORT, ours), "network first");
    assertTrue(output.contains("eventLoop=true"), output);
  }

  @Test
  void shouldFallBackWhenSwitchedOff() {
    var exchange = ExchangeDispatcher.choose(false, Duration.ZERO);
    assertEquals(false, exchange.isEventLoop());
    assertEquals(
        "thread-pool-executor",
        exchange.config().resolve().getString(ExchangeDispatcher.ID + ".executor"));
  }
}
