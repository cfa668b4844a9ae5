package dllama.hub;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dllama.error.UserException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The folder of fetched models: a folder each, with `model.json`. What is being fetched is in
/// `.NAME.part` and gets its name when it is complete, so that whatever has a name is whole.
public final class ModelFolder {
  private static final String ABOUT = "model.json";
  private static final String PART = ".part";
  private static final int MAX_ABOUT = 1 << 20;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final Path folder;

  public ModelFolder(Path folder) {
    this.folder = folder;
  }

  public Path path() {
    return folder;
  }

  /// What is there and whole, by name.
  public List<FetchedModel> list() {
    List<FetchedModel> models = new ArrayList<>();
    for (String name : names()) {
      read(name).ifPresent(models::add);
    }
    return models;
  }

  /// What is there in part, by name.
  public List<String> unfinished() {
    return names().stream()
        .filter(name -> name.startsWith(".") && name.endsWith(PART))
        .map(name -> name.substring(1, name.length() - PART.length()))
        .filter(Names::safe)
        .toList();
  }

  private List<String> names() {
    List<String> names = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> folders = Files.newDirectoryStream(folder, Files::isDirectory)) {
        folders.forEach(path -> names.add(String.valueOf(path.getFileName())));
      } catch (IOException e) {
        throw new UserException(
            "%s can not be read (%s)".formatted(folder, UserException.reason(e)), e);
      }
    }
    names.sort(Comparator.naturalOrder());
    return names;
  }

  private Optional<FetchedModel> read(String name) {
    Path about = folder.resolve(name).resolve(ABOUT);
    try {
      if (!Names.safe(name) || !Files.isRegularFile(about) || Files.size(about) > MAX_ABOUT) {
        return Optional.empty();
      }
      FetchedModel model = JSON.readValue(Files.readAllBytes(about), FetchedModel.class);
      return Optional.ofNullable(model)
          .filter(FetchedModel::sound)
          .filter(m -> m.name().equals(name));
    } catch (IOException _) {
      return Optional.empty(); // not one of ours
    }
  }

  /// A fetched model by its name, or by what was asked for to get it.
  public Optional<FetchedModel> find(String name) {
    Optional<FetchedModel> named = Names.safe(name) ? read(name) : Optional.empty();
    return named.isPresent()
        ? named
        : list().stream().filter(model -> model.source().equalsIgnoreCase(name)).findFirst();
  }

  /// Where the model file is; of a split one the first part.
  public Path model(FetchedModel model) {
    return folder.resolve(model.name()).resolve(model.files().getFirst().name());
  }

  /// Where the tokenizer file is, for a model that has one of its own.
  public Optional<Path> tokenizer(FetchedModel model) {
    return model.tokenizer().map(name -> folder.resolve(model.name()).resolve(name));
  }

  /// Removes a model, or what has come of it.
  ///
  /// @throws UserException if there is none, or it can not be removed
  public void remove(String name) {
    if (find(name).isEmpty() && !unfinished().contains(name)) {
      throw new UserException(
          "there is no fetched model '%s'; `models` lists them".formatted(name));
    }
    String known = find(name).map(FetchedModel::name).orElse(name);
    try (Claim _ = claim(known)) {
      delete(folder.resolve(known));
      delete(part(known));
    } catch (IOException e) {
      throw Download.unwritable(folder.resolve(known), e);
    }
  }

  /// A whole folder, but nothing that a link in it points to.
  private static void delete(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e)
              throws IOException {
            if (e != null) {
              throw e;
            }
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private Path part(String name) {
    return folder.resolve("." + name + PART);
  }

  /// The right to work on a model; ends with the process at the latest.
  record Claim(FileChannel channel, Path lock) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      Files.deleteIfExists(lock);
      channel.close();
    }
  }

  /// Claims a model for this process.
  ///
  /// @throws UserException if another one is at it
  Claim claim(String name) {
    Path lock = folder.resolve("." + name + ".lock");
    try {
      Files.createDirectories(folder);
      FileChannel channel =
          FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (locked(channel)) {
        return new Claim(channel, lock);
      }
      channel.close();
    } catch (IOException e) {
      throw Download.unwritable(lock, e);
    }
    throw new UserException("another process is at work on %s; wait for it".formatted(name));
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException _) {
      return false;
    }
  }

  /// Where the files of a model are put while they come.
  Path begin(String name) {
    Path part = part(name);
    try {
      return Files.createDirectories(part);
    } catch (IOException e) {
      throw Download.unwritable(part, e);
    }
  }

  /// Gives a model that is complete its name.
  void finish(FetchedModel model) {
    Path part = part(model.name());
    try {
      Files.write(part.resolve(ABOUT), JSON.writeValueAsBytes(model));
      Files.move(part, folder.resolve(model.name()));
    } catch (IOException e) {
      throw Download.unwritable(folder.resolve(model.name()), e);
    }
  }

  /// Bytes that can still be written there.
  long free() {
    return folder.toFile().getUsableSpace();
  }
}
