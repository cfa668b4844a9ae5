package dllama.key;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyFileTest {
  private static final ClusterKey ONE = ClusterKey.random();
  private static final ClusterKey OTHER = ClusterKey.random();

  @TempDir private Path folder;

  @Test
  void shouldBeForItsOwnerAlone() throws IOException {
    Path file = folder.resolve("a/b/cluster.key");
    KeyFile.write(file, ONE);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    for (Path made : List.of(file.getParent(), file.getParent().getParent())) {
      assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(made)));
    }
    assertEquals(List.of(ONE), KeyFile.read(file));
    for (String open : List.of("rw-r-----", "rw----r--", "rw--w----", "rw-----w-")) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(open));
      UserException e = assertThrows(UserException.class, () -> KeyFile.read(file));
      assertTrue(e.getMessage().endsWith("; chmod 600 " + file), e.getMessage());
    }
  }

  @Test
  void shouldRefuseWhatIsNoFileOfKeys() throws IOException {
    String code = ONE.code();
    for (String text : List.of("", "# none\n", "hello", code + "\n" + code + "\n" + code)) {
      Path file = folder.resolve("wrong");
      Files.deleteIfExists(file);
      KeyFile.write(file, ONE);
      Files.writeString(file, text);
      UserException e = assertThrows(UserException.class, () -> KeyFile.read(file));
      assertFalse(e.getMessage().contains(code), "shows the key");
    }
    assertThrows(UserException.class, () -> KeyFile.read(folder));
    assertThrows(UserException.class, () -> KeyFile.read(folder.resolve("missing")));
  }

  @Test
  void shouldSeeChangesAndBearMistakes() throws IOException {
    Path file = folder.resolve("cluster.key");
    KeyFile.write(file, ONE);
    KeySource source = KeySource.of(file);
    assertFalse(source.refresh());
    KeyFile.write(file, ONE, OTHER);
    assertTrue(source.refresh());
    assertEquals(List.of(ONE, OTHER), source.keys());
    assertFalse(source.refresh());
    Files.writeString(file, "half of a");
    assertFalse(source.refresh());
    Files.delete(file);
    assertFalse(source.refresh());
    assertEquals(List.of(ONE, OTHER), source.keys());
    KeyFile.write(file, OTHER);
    assertTrue(source.refresh());
    assertEquals(List.of(OTHER), source.keys());
  }

  @Test
  void shouldLieWhereTheSystemHasSuchThings() {
    Path home = Path.of("/home/a");
    assertEquals(
        Path.of("/home/a/.config/dllama-akka/cluster.key"),
        KeyFolder.file("Linux", home, Map.of()));
    assertEquals(
        Path.of("/x/dllama-akka/cluster.key"),
        KeyFolder.file("Linux", home, Map.of("XDG_CONFIG_HOME", "/x")));
    assertEquals(
        Path.of("/home/a/Library/Application Support/dllama-akka/cluster.key"),
        KeyFolder.file("Mac OS X", home, Map.of()));
    assertEquals(
        Path.of("/roaming/dllama-akka/cluster.key"),
        KeyFolder.file("Windows 11", home, Map.of("APPDATA", "/roaming")));
  }

  @Test
  void shouldBeNeededWhereOthersCanCome() throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    InetAddress reached = InetAddress.getByName("192.0.2.7");
    assertEquals(Optional.empty(), NodeKeys.none().at(loopback));
    UserException e = assertThrows(UserException.class, () -> NodeKeys.none().at(reached));
    assertTrue(e.getMessage().startsWith("other computers reach 192.0.2.7, so"), e.getMessage());
    NodeKeys given = NodeKeys.of(KeySource.of(ONE));
    assertTrue(given.at(reached).isPresent());
    assertTrue(given.at(loopback).isPresent());
    NodeKeys found = new NodeKeys(given.source(), false, Optional.empty(), false);
    assertTrue(found.at(reached).isPresent());
    assertFalse(found.at(loopback).isPresent());
    NodeKeys insecure = new NodeKeys(Optional.empty(), false, Optional.empty(), true);
    assertEquals(Optional.empty(), insecure.at(reached));
  }
}
