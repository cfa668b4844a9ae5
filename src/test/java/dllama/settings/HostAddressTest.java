package dllama.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

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
  void shouldRefuseWildcardsAndUnknownNames() {
    for (String host : List.of("0.0.0.0", "::", "no-such-host.invalid")) {
      String message =
          assertThrows(UserException.class, () -> HostAddress.ofRoot(Optional.of(host)))
              .getMessage();
      assertTrue(message.contains(host), message);
    }
  }
}
