package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CacheFolderTest {
  private static final Path HOME = Path.of("/home/me");

  @Test
  void shouldFollowTheCustomOfTheSystem() {
    assertEquals(HOME.resolve(".cache/dllama-akka/slices"), folder("Linux", Map.of()));
    assertEquals(HOME.resolve("Library/Caches/dllama-akka/slices"), folder("Mac OS X", Map.of()));
    assertEquals(
        Path.of("/local/dllama-akka/slices"),
        folder("Windows 11", Map.of("LOCALAPPDATA", "/local")));
    assertEquals(HOME.resolve("AppData/Local/dllama-akka/slices"), folder("Windows 11", Map.of()));
  }

  @Test
  void shouldUseTheFolderThatTheUserHasForCaches() {
    for (String os : new String[] {"Linux", "Mac OS X", "Windows 11"}) {
      assertEquals(
          Path.of("/big/dllama-akka/slices"), folder(os, Map.of("XDG_CACHE_HOME", "/big")));
    }
    assertEquals(
        HOME.resolve(".cache/dllama-akka/slices"), folder("Linux", Map.of("XDG_CACHE_HOME", "")));
  }

  /// What the launcher's class says, which must be the same.
  private static Path folder(String os, Map<String, String> environment) {
    Path folder = CacheFolder.of(os, HOME, environment);
    assertEquals(
        ClassArchive.folder(environment, HOME.toString(), os), folder.getParent(), "archives");
    return folder;
  }
}
