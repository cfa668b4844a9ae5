package dllama.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class HostAddressTest {
  private final InetAddress loopback = HostAddress.resolve("127.0.0.1");
  private final InetAddress elsewhere = HostAddress.resolve("192.0.2.7");

  @Test
  void shouldTakeLoopbackWhereItIsAskedFor() {
    assertEquals("127.0.0.1", HostAddress.resolve("localhost").getHostAddress());
    assertEquals("127.0.0.5", HostAddress.ofRoot(Optional.of("127.0.0.5")).getHostAddress());
    assertTrue(HostAddress.ofWorker(Optional.empty(), loopback).isLoopbackAddress());
  }

  @Test
  void shouldRefuseLoopbackTowardsOtherMachines() {
    UserException e =
        assertThrows(
            UserException.class, () -> HostAddress.ofWorker(Optional.of("127.0.0.1"), elsewhere));
    assertTrue(e.getMessage().contains("--host 127.0.0.1"), e.getMessage());
  }

  @Test
  void shouldRefuseNumbersThatAreNoAddress() {
    for (String host :
        List.of(
            "1.2.3",
            "127.1",
            "0x7f.1",
            "0x7f000001",
            "3232235777",
            "010.0.0.1",
            "1.2.3.256",
            "1.2.3.4.5",
            "1.2.3.4.",
            "host.1")) {
      String refusal = "\"%s\" is no IP address".formatted(host);
      assertTrue(refusal(() -> HostAddress.resolve(host)).startsWith(refusal), host);
      assertTrue(refusal(() -> SeedNode.parse(host + ":9990")).startsWith(refusal), host);
    }
    assertEquals("10.0.0.255", HostAddress.resolve("10.0.0.255").getHostAddress());
    assertEquals("n1.lan", SeedNode.parse("n1.lan").host());
    assertEquals("::ffff:1.2.3.4", SeedNode.parse("[::ffff:1.2.3.4]:9990").host());
  }

  @Test
  void shouldRefuseAddressesOfOneLink() {
    for (String host : List.of("fe80::1%eth0", "fe80::1%2", "fe80::1", "febf::1")) {
      assertTrue(
          refusal(() -> HostAddress.resolve(host)).contains(host + " is known on one link only"),
          host);
    }
    assertTrue(refusal(() -> SeedNode.parse("[fe80::1%eth0]:9990")).contains("on one link only"));
    assertEquals("fd00:0:0:0:0:0:0:1", HostAddress.resolve("fd00::1").getHostAddress());
  }

  private static String refusal(Executable reading) {
    return assertThrows(UserException.class, reading).getMessage();
  }

  @Test
  void shouldRefuseWildcardsAndUnknownNames() {
    for (String host : List.of("0.0.0.0", "::", "no-such-host.invalid")) {
      String message =
          assertThrows(UserException.class, () -> HostAddress.ofRoot(Optional.of(host)))
              .getMessage();
      assertTrue(message.contains(host), message);
    }
  }
}
