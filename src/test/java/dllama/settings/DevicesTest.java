package dllama.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class DevicesTest {
  @TempDir Path folder;

  private final Devices builtIn = Devices.load(Optional.empty());

  @Test
  void shouldKnowWhatTheExampleSays() {
    Devices example = Devices.load(Optional.of(Path.of("conf", "devices.conf")));
    assertEquals(example.deviceNames(), builtIn.deviceNames());
    assertTrue(builtIn.deviceNames().size() > 10);
    for (String name : builtIn.deviceNames()) {
      Device device = builtIn.device(name);
      assertEquals(example.device(name), device);
      assertEquals(name, device.name());
      assertTrue(device.usableBytes() < device.memoryBytes());
    }
    for (String name : builtIn.linkNames()) {
      assertEquals(example.link(name), builtIn.link(name));
    }
  }

  @Test
  void shouldNameTheKnownOnes() {
    String device = message(() -> builtIn.device("raspberry-pi-6"));
    assertTrue(device.contains("'raspberry-pi-6'"), device);
    assertTrue(device.contains("raspberry-pi-5-8gb"), device);
    for (String bad : List.of("", "fast", "0", "-1G", "1T", "99999G", "1 k G", "1e9", "1Gx")) {
      String link = message(() -> builtIn.link(bad));
      assertTrue(link.contains("'" + bad + "'") && link.contains("wifi5"), link);
    }
  }

  @Test
  void shouldReadRates() {
    assertEquals(300e6, builtIn.link("300M").bitsPerSecond());
    assertEquals(1.5e9, builtIn.link("1.5G").bitsPerSecond());
    assertEquals(54000, builtIn.link("54 kbit/s").bitsPerSecond());
    assertEquals(1e8, builtIn.link("100000000").bitsPerSecond());
    assertEquals(1e9 / 8 * 1448 / 1538, builtIn.link("1G").bytesPerSecond());
    assertTrue(builtIn.link("wifi5").shared());
    assertFalse(builtIn.link("300M").shared());
  }

  @Test
  void shouldLayAFileOverWhatIsKnown() throws IOException {
    Devices devices =
        load(
            """
            devices.raspberry-pi-5-8gb.read = 9.5
            devices.mine = { memory = 3 GiB, cores = 2, read = 5, products = 10, exchange = 1 ms
              message = 50 us, measured = yes }
            links.cable { bits = 5e8, latency = 300 us, shared = no }
            """);
    assertEquals(9.5e9, devices.device("raspberry-pi-5-8gb").readRate());
    assertEquals(8L << 30, devices.device("raspberry-pi-5-8gb").memoryBytes());
    assertEquals(
        new Device(
            "mine", 3L << 30, 2, 5e9, 1e10, Duration.ofMillis(1), Duration.ofNanos(50_000), true),
        devices.device("mine"));
    assertEquals(new Link("cable", 5e8, Duration.ofNanos(300_000), false), devices.link("cable"));
    assertTrue(devices.deviceNames().containsAll(builtIn.deviceNames()));
  }

  @Test
  void shouldReadAnEntryThatItWrote() throws IOException {
    Device device =
        new Device(
            "this-machine",
            5L << 30,
            6,
            12.5e9,
            56.75e9,
            Duration.ofNanos(200_000),
            Duration.ofNanos(50_000),
            true);
    assertEquals(device, load(device.entry()).device("this-machine"));
  }

  @Test
  void shouldSlowDownWithFewerThreadsOnly() {
    Device device = builtIn.device("raspberry-pi-5-8gb");
    assertEquals(device.readRate() / 4, device.withThreads(1).readRate());
    assertEquals(device.productRate() / 2, device.withThreads(2).productRate());
    assertEquals(device, device.withThreads(8));
  }

  @Test
  void shouldRefuseABadFileInOneLine() throws IOException {
    Path missing = folder.resolve("missing.conf");
    for (Path file : List.of(missing, folder)) {
      assertTrue(message(() -> Devices.load(Optional.of(file))).startsWith("--devices " + file));
    }
    assertTrue(message(() -> load("devices { a = ")).startsWith("--devices: "));
    String scalar = message(() -> load("devices = 5").deviceNames());
    assertTrue(scalar.startsWith("--devices: "), scalar);
    Devices bad = load("devices.x { memory = 1 GiB\n cores = 0 }\ndevices.y = 7");
    String message = message(() -> bad.device("x"));
    assertTrue(message.startsWith("devices.x.cores=0 ("), message);
    assertTrue(message.endsWith(":2) must be 1 to 1024"), message);
    assertTrue(message(() -> bad.device("y")).startsWith("--devices: "));
    Devices slow = load("devices.n100-8gb.read = -1");
    assertTrue(message(() -> slow.device("n100-8gb")).contains("devices.n100-8gb.read=-1"));
  }

  private Devices load(String text) throws IOException {
    Path file = Files.writeString(Files.createTempFile(folder, "devices", ".conf"), text);
    return Devices.load(Optional.of(file));
  }

  private static String message(Executable load) {
    String message = assertThrows(UserException.class, load).getMessage();
    assertFalse(message.contains("\n"), message);
    return message;
  }
}
