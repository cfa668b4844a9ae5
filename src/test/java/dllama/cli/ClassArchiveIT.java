package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// The archive of classes is made and used, and no state of it breaks a start or is heard of.
@DisabledOnOs({OS.WINDOWS, OS.MAC}) // the folder of caches is not the environment's to say there
class ClassArchiveIT {
  private static final Path JAR =
      Path.of(System.getProperty("jar.under.test", "target/dllama-akka.jar"));

  private record Run(int exit, String out, String error) {}

  @TempDir private Path folder;

  @Test
  void shouldBeUsedAndNeverBreakAStart() throws Exception {
    Path caches = Files.createDirectories(folder.resolve("dllama-akka"));
    Files.writeString(caches.resolve("of-another-jar.jsa"), "x");
    Run without = inference();
    assertEquals(0, without.exit(), without.error());

    Run made = java("-cp", JAR.toString(), "dllama.cli.ClassArchive");
    assertEquals(new Run(0, "", ""), made);
    List<Path> files = archives(caches);
    assertEquals(1, files.size(), "old ones are deleted: " + files);
    Path archive = files.getFirst();

    Path loaded = folder.resolve("loaded");
    Run watched = inference("-Xlog:class+load:file=" + loaded);
    assertEquals(without.out(), watched.out());
    String line =
        Files.readAllLines(loaded).stream()
            .filter(one -> one.contains(" dllama.cluster.RootNode "))
            .findFirst()
            .orElseThrow();
    assertTrue(line.contains("shared objects file"), line);
    assertRunsAs(without, "good");

    byte[] good = Files.readAllBytes(archive);
    byte[] noise = new byte[1 << 20];
    new Random(7).nextBytes(noise);
    byte[] damaged = good.clone();
    System.arraycopy(noise, 0, damaged, good.length / 2, noise.length);
    byte[] header = good.clone();
    System.arraycopy(noise, 0, header, 64, 64);
    for (byte[] bad :
        List.of(new byte[0], noise, Arrays.copyOf(good, good.length / 3), damaged, header)) {
      Files.write(archive, bad);
      assertRunsAs(without, "bad file of %d bytes".formatted(bad.length));
    }

    Path copy = folder.resolve("copy.jar"); // an archive of it, in the place of this jar's
    Files.copy(JAR, copy);
    assertEquals(0, java("-cp", copy.toString(), "dllama.cli.ClassArchive").exit());
    Files.move(archives(caches).getFirst(), archive, StandardCopyOption.REPLACE_EXISTING);
    assertRunsAs(without, "archive of another jar");
  }

  @Test
  void shouldSayInOneLineThatItCanNotBeMade() throws Exception {
    Files.writeString(folder.resolve("dllama-akka"), "no folder");
    Run run = java("-cp", JAR.toString(), "dllama.cli.ClassArchive");
    assertNotEquals(0, run.exit());
    assertTrue(run.error().startsWith("no archive of classes"), run.error());
    assertEquals(1, run.error().lines().count(), run.error());
  }

  @Test
  void shouldLieInTheFolderOfCaches() {
    assertEquals(Path.of("/h/.cache/dllama-akka"), ClassArchive.folder(Map.of(), "/h", "Linux"));
    assertEquals(
        Path.of("/x/dllama-akka"),
        ClassArchive.folder(Map.of("XDG_CACHE_HOME", "/x"), "/h", "Linux"));
    assertEquals(
        Path.of("/h/Library/Caches/dllama-akka"), ClassArchive.folder(Map.of(), "/h", "Mac OS X"));
  }

  private void assertRunsAs(Run expected, String what) throws Exception {
    Run run = inference();
    assertEquals(expected.exit(), run.exit(), what + ": " + run.error());
    assertEquals(expected.out(), run.out(), what);
    assertEquals(withoutTimes(expected), withoutTimes(run), what);
  }

  /// Lines of progress come as often as time allows, and say how long it took.
  private static List<String> withoutTimes(Run run) {
    return run.error()
        .lines()
        .filter(line -> !line.startsWith("rank 0 "))
        .map(line -> line.replaceAll("[0-9.]+ (s|ms|tokens/s)\\b", "N"))
        .toList();
  }

  private static List<Path> archives(Path caches) throws IOException {
    try (Stream<Path> files = Files.list(caches)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  private Run inference(String... options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.addAll(List.of("-jar", JAR.toString(), "inference", "--prompt", "How do I"));
    arguments.addAll(List.of("--steps", "4", "--nodes", "1", "--threads", "1"));
    arguments.addAll(List.of("--temperature", "0"));
    return java(arguments.toArray(String[]::new));
  }

  private Run java(String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString()));
    command.addAll(List.of(arguments));
    Path out = folder.resolve("out");
    Path error = folder.resolve("error");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("XDG_CACHE_HOME", folder.toString());
    Process process = builder.redirectOutput(out.toFile()).redirectError(error.toFile()).start();
    try {
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), "still running");
    } finally {
      process.destroyForcibly();
    }
    return new Run(process.exitValue(), Files.readString(out), Files.readString(error));
  }
}
