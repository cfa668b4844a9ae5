package dllama.cli;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;

/**
 * Classes as the JVM needs them in memory, from an earlier run, so that a start need not read,
 * check and link thousands of them once more: a dynamic CDS archive in the user's cache folder.
 * {@link #main} makes it; {@link Launcher} uses it where there is one. Compiled for Java 11.
 *
 * <p>Not the newer AOT cache, because that leaves out the classes of lambdas as long as an
 * incubator module is in use, and takes twice the time to make; starts take the same.
 *
 * <p>A file belongs to one jar and one Java, by its name; those of others are deleted when a new
 * one is made. The JVM goes on without a file that is damaged or does not fit, silently.
 */
final class ClassArchive {
  private static final String SUFFIX = ".jsa";

  /** Work of the user's kind, which loads what a start loads. */
  private static final List<String> TRAINING =
      List.of(
          "inference",
          "--prompt",
          "How do I start a worker, and what does it need?",
          "--steps",
          "8",
          "--nodes",
          "1",
          "--threads",
          "1");

  private static final int TRAINING_MINUTES = 5;

  /** What names another archive, or none. */
  private static final List<String> OWN_CHOICE =
      List.of("-XX:SharedArchiveFile", "-XX:ArchiveClassesAtExit", "-XX:AOT", "-Xshare");

  private final Path folder;
  private final Jdk jdk;
  private final String classPath;

  ClassArchive(Jdk jdk, String classPath, Map<String, String> environment) {
    this.jdk = jdk;
    this.classPath = classPath;
    folder = folder(environment, System.getProperty("user.home"), System.getProperty("os.name"));
  }

  /**
   * The folder of caches that the system intends for programs, and ours in it. {@code
   * XDG_CACHE_HOME} counts on every system.
   */
  static Path folder(Map<String, String> environment, String home, String system) {
    String own = "dllama-akka";
    String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
    if (!xdg.isEmpty()) {
      return Path.of(xdg, own);
    }
    if (system.startsWith("Windows")) {
      String local = environment.getOrDefault("LOCALAPPDATA", "");
      return local.isEmpty() ? Path.of(home, "AppData", "Local", own) : Path.of(local, own);
    }
    return system.startsWith("Mac")
        ? Path.of(home, "Library", "Caches", own)
        : Path.of(home, ".cache", own);
  }

  /** Flags that use the archive; none where there is no such file or the user chose otherwise. */
  List<String> flags(List<String> given) {
    for (String option : given) {
      for (String own : OWN_CHOICE) {
        if (option.startsWith(own)) {
          return List.of();
        }
      }
    }
    Optional<Path> file = file();
    if (file.isEmpty() || !Files.isReadable(file.get())) {
      return List.of();
    }
    List<String> flags = new ArrayList<>(List.of("-XX:SharedArchiveFile=" + file.get()));
    flags.addAll(List.of(VERIFIED, UNLOCK, IN_PLACE, SILENT, SILENT_TOO));
    return flags;
  }

  /** A file damaged in the middle would end the process; to look at it takes a few milliseconds. */
  private static final String VERIFIED = "-XX:+VerifySharedSpaces";

  /**
   * At the address that it was made for. Java would rather move it to a random one, change every
   * pointer in it for that, and so have a copy of each of its pages: 0.6 s of two cores.
   */
  private static final String IN_PLACE = "-XX:ArchiveRelocationMode=0";

  private static final String UNLOCK = "-XX:+UnlockDiagnosticVMOptions";

  private static final String SILENT = "-Xlog:cds*=off";
  private static final String SILENT_TOO = "-Xlog:aot*=off";

  /** Of this jar as it is now; empty for class paths that can not be archived. */
  private Optional<Path> file() {
    try {
      Path jar = Path.of(classPath);
      if (classPath.contains(File.pathSeparator) || !Files.isRegularFile(jar)) {
        return Optional.empty();
      }
      String key =
          String.join(
              "\n",
              jar.toRealPath().toString(),
              String.valueOf(Files.size(jar)),
              String.valueOf(Files.getLastModifiedTime(jar).toMillis()),
              jdk.home.toRealPath().toString(),
              String.valueOf(Files.getLastModifiedTime(jdk.home.resolve("release")).toMillis()));
      return Optional.of(folder.resolve(name(key) + SUFFIX));
    } catch (IOException | InvalidPathException | SecurityException e) {
      return Optional.empty();
    }
  }

  /** Not by a digest, whose providers a start would wait for; Java itself looks at the jar, too. */
  private static String name(String key) {
    CRC32 sum = new CRC32();
    sum.update(key.getBytes(StandardCharsets.UTF_8));
    return "classes-" + Long.toHexString(sum.getValue() << 32 | key.hashCode() & 0xFFFFFFFFL);
  }

  /** Makes the archive of the jar that this class is in; says in one line why it could not. */
  public static void main(String[] args) throws IOException, InterruptedException {
    JdkSearch search = new JdkSearch(System.getenv());
    Optional<Jdk> jdk = search.best();
    if (jdk.isEmpty()) {
      System.err.println(search.nothingFound());
      System.exit(2);
    }
    String classPath = Launcher.classPath();
    ClassArchive archive = new ClassArchive(jdk.get(), classPath, System.getenv());
    Optional<Path> file = archive.file();
    if (file.isEmpty()) {
      System.err.println("no archive of classes: " + classPath + " is not one jar");
      System.exit(2);
    }
    try {
      archive.make(file.get());
    } catch (IOException e) {
      System.err.println("no archive of classes, starts take longer: " + e);
      System.exit(2);
    }
  }

  /** Under another name first, so that nobody ever sees half of it. */
  private void make(Path file) throws IOException, InterruptedException {
    Files.createDirectories(folder);
    Path part = folder.resolve(ProcessHandle.current().pid() + ".part");
    List<String> command = new ArrayList<>(List.of(jdk.java().toString()));
    command.addAll(JvmOptions.all());
    command.addAll(List.of("-XX:ArchiveClassesAtExit=" + part, SILENT, SILENT_TOO));
    command.addAll(Launcher.serving(classPath));
    command.addAll(TRAINING);
    Process training =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      if (!training.waitFor(TRAINING_MINUTES, TimeUnit.MINUTES) || training.exitValue() != 0) {
        throw new IOException("the program did not run");
      }
      deleteOthers();
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      training.destroyForcibly();
      Files.deleteIfExists(part);
    }
  }

  private void deleteOthers() throws IOException {
    try (DirectoryStream<Path> archives = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
      for (Path archive : archives) {
        deleteUnlessInUse(archive);
      }
    }
  }

  /** A process that uses one keeps it, mapped; Windows refuses to delete that, which is as well. */
  private static boolean deleteUnlessInUse(Path archive) {
    try {
      return Files.deleteIfExists(archive);
    } catch (IOException e) {
      return false;
    }
  }
}
