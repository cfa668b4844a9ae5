package dllama.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Makes a JDK of an archive: verifies it, unpacks it into a folder named by this process, and
 * renames that. Nobody ever sees half of one. Compiled for Java 11.
 */
final class JdkInstall {
  private final JdkSource source;
  private final Path folder;
  private final Path work;

  JdkInstall(JdkSource source, Path folder) throws IOException {
    this.source = source;
    this.folder = folder;
    work = folder.resolve("." + ProcessHandle.current().pid());
    try {
      Files.createDirectories(work);
    } catch (IOException e) {
      throw new IOException(
          "no JDK can be got, because "
              + folder
              + " can not be written to: name another cache"
              + " folder in XDG_CACHE_HOME, or install a JDK 25",
          e);
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(work)));
    removeLeftovers();
  }

  /** The JDK, installed; or that which another process has installed meanwhile. */
  Jdk from(Path archive) throws IOException, InterruptedException {
    verify(archive);
    Path fresh = Files.createDirectories(work.resolve("new"));
    String options = Launcher.WINDOWS ? "-xf" : "-xzof";
    String complaint = output("tar", options, archive.toString(), "-C", fresh.toString());
    if (!complaint.isEmpty()) {
      throw new IOException(source.place + " could not be unpacked: " + complaint);
    }
    Jdk unpacked =
        cached(fresh)
            .orElseThrow(() -> new IOException(source.place + " holds no JDK 25 or newer"));
    complaint = output(unpacked.java().toString(), "-version");
    if (!complaint.isEmpty()) {
      throw new IOException(
          "the JDK from "
              + source.place
              + " does not run on this machine ("
              + JdkSource.platform()
              + "): "
              + complaint);
    }
    Optional<Jdk> faster = cached(folder);
    if (faster.isPresent()) {
      return faster.get();
    }
    Path target = folder.resolve(source.name);
    if (Files.exists(target)) {
      Files.move(target, work.resolve("old"));
    }
    Files.move(fresh.resolve(fresh.relativize(unpacked.home).getName(0)), target);
    return cached(folder).orElseThrow();
  }

  private void verify(Path archive) throws IOException {
    String sum = checksum(archive);
    if (source.checksum.isEmpty()) {
      System.err.println(
          "Not verified against a known checksum: "
              + source.archive
              + " has SHA-256 "
              + sum
              + " (DLLAMA_JDK_SHA256 would be compared)");
    } else if (!sum.equals(source.checksum)) {
      throw new IOException(
          source.place
              + " is not what it should be and was not installed: SHA-256 "
              + sum
              + ", expected "
              + source.checksum);
    }
  }

  private static String checksum(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[1 << 16];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
      StringBuilder hex = new StringBuilder();
      for (byte b : digest.digest()) {
        hex.append(String.format("%02x", b));
      }
      return hex.toString();
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** The last line of what a command says, or nothing where it succeeds. */
  private static String output(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
    String[] lines =
        new String(process.getInputStream().readAllBytes(), Charset.defaultCharset())
            .trim()
            .split("\n");
    return process.waitFor() == 0 ? "" : command[0] + ": " + lines[lines.length - 1];
  }

  /** One in a folder of homes, or of bundles, as macOS has them. */
  static Optional<Jdk> cached(Path homes) {
    return JdkSearch.in(homes.toString()).stream()
        .flatMap(home -> Jdk.at(home).stream())
        .filter(Jdk::usable)
        .findFirst();
  }

  /** By processes that were killed. */
  private void removeLeftovers() throws IOException {
    List<Path> left = new ArrayList<>();
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(folder, ".[0-9]*")) {
      folders.forEach(left::add);
    }
    for (Path old : left) {
      long process = Long.parseLong(old.getFileName().toString().substring(1));
      if (ProcessHandle.of(process).isEmpty()) {
        delete(old);
      }
    }
  }

  private static void delete(Path tree) {
    try {
      Files.walkFileTree(
          tree,
          new SimpleFileVisitor<Path>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes ignored)
                throws IOException {
              Files.delete(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException e)
                throws IOException {
              Files.delete(folder);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      return; // the next one tries again
    }
  }
}
