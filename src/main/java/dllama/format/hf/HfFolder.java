package dllama.format.hf;

import dllama.error.UserException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What is in a folder with a model.
///
/// @param path of the folder
record HfFolder(Path path) {
  private static final String CONFIG = "config.json";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String WHOLE = "model.safetensors";
  private static final int MOST_PARTS = 1 << 10;

  /// Names such as `model-00001-of-00002.safetensors`.
  private static final Pattern PART = Pattern.compile("model-\\d+-of-(\\d{1,6})\\.safetensors");

  /// Names that stay in the folder.
  private static final Pattern PLAIN = Pattern.compile("\\w[\\w.\\-]{0,200}\\.safetensors");

  /// Whether a folder holds a model.
  static boolean isModel(Path path) {
    return Files.isRegularFile(path.resolve(CONFIG));
  }

  /// What the model is.
  HfValues config() {
    return HfValues.read(path.resolve(CONFIG));
  }

  /// A JSON file, if it is there.
  Optional<HfValues> values(String name, String... skipped) {
    return file(name).map(found -> HfValues.read(found, skipped));
  }

  /// A file, if it is there.
  Optional<Path> file(String name) {
    return Optional.of(path.resolve(name)).filter(Files::exists);
  }

  /// The files with the weights: those that the index names, or else the one, or else all whose
  /// names say that they belong together.
  ///
  /// @throws UserException if there are none, or one is missing
  List<Path> weights() {
    Optional<Path> index = file(INDEX);
    if (index.isPresent()) {
      return indexed(index.get());
    }
    if (file(WHOLE).isPresent()) {
      return List.of(path.resolve(WHOLE));
    }
    List<Path> parts = parts();
    if (parts.isEmpty()) {
      throw new UserException(
          "folder %s has no model.safetensors; weights of another kind have to be converted"
              .formatted(path));
    }
    return parts;
  }

  private List<Path> indexed(Path index) {
    TreeSet<String> names = new TreeSet<>();
    HfIndex.read(index, names::add);
    List<Path> paths = new ArrayList<>();
    for (String name : names) {
      if (!PLAIN.matcher(name).matches()) {
        throw new UserException(
            "%s names a file '%s', which can not be one of its folder; copy it again"
                .formatted(index, name));
      }
      paths.add(path.resolve(name));
    }
    if (paths.isEmpty() || paths.size() > MOST_PARTS) {
      throw new UserException("%s names %d files; copy it again".formatted(index, paths.size()));
    }
    return paths;
  }

  private List<Path> parts() {
    List<Path> found = new ArrayList<>();
    int count = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(path, "model-*.safetensors")) {
      for (Path file : files) {
        Matcher part = PART.matcher(String.valueOf(file.getFileName()));
        if (part.matches()) {
          found.add(file);
          count = Integer.parseInt(part.group(1));
        }
      }
    } catch (IOException e) {
      throw new UserException(
          "can not read folder %s: %s".formatted(path, UserException.reason(e)), e);
    }
    if (found.size() != count) {
      throw new UserException(
          "folder %s has %d of %d files model-…-of-….safetensors; copy the others, too"
              .formatted(path, found.size(), count));
    }
    return found.stream().sorted().toList();
  }
}
