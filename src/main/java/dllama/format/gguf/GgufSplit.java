package dllama.format.gguf;

import dllama.error.UserException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// The files of a model that was split, found by their names: `NAME-00001-of-00003.gguf`. The first
/// one has the metadata of the model; each has its place among them in its own.
///
/// @param paths in order
record GgufSplit(List<Path> paths) {
  private static final String NUMBER = "split.no";
  private static final String COUNT = "split.count";
  private static final String TENSORS = "split.tensors.count";

  private static final Pattern NAME = Pattern.compile("(?s)(.*-)(\\d{5})-of-(\\d{5})(\\.gguf)");

  /// The files of which `path` is one, if its name says that it is.
  static Optional<GgufSplit> of(Path path) {
    Path name = path.getFileName();
    Matcher matcher = NAME.matcher(name == null ? "" : name.toString());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    int count = Integer.parseInt(matcher.group(3));
    int number = Integer.parseInt(matcher.group(2));
    if (number < 1 || number > count) {
      return Optional.empty();
    }
    String format = "%s%05d-of-%05d%s";
    List<Path> paths =
        IntStream.rangeClosed(1, count)
            .mapToObj(
                i ->
                    path.resolveSibling(
                        format.formatted(matcher.group(1), i, count, matcher.group(4))))
            .toList();
    for (Path each : paths) {
      if (Files.exists(path) && !Files.exists(each)) {
        throw new UserException(
            "model file %s is one of %d parts, but %s is not there; put all parts into one folder"
                .formatted(path, count, each.getFileName()));
      }
    }
    return Optional.of(new GgufSplit(paths));
  }

  /// Checks that a part is the one that its name says.
  ///
  /// @param paths of all parts
  static void check(GgufPart part, int index, List<Path> paths) {
    int count = part.metadata().u32(COUNT, 1);
    int number = part.metadata().u32(NUMBER, 0);
    if (count > 1 && paths.size() == 1) {
      throw part.file()
          .refused(
              "it is part %d of %d of a model".formatted(number + 1, count),
              "give the parts their names back (NAME-00001-of-%05d.gguf), in one folder"
                  .formatted(count));
    }
    if (paths.size() > 1 && (count != paths.size() || number != index)) {
      throw part.file()
          .damaged(
              "it says that it is part %d of %d, its name says %d of %d"
                  .formatted(number + 1, count, index + 1, paths.size()));
    }
  }

  /// Checks that the parts have as many tensors as the first one says.
  static void checkTensors(List<GgufPart> parts, int tensors) {
    GgufPart first = parts.getFirst();
    int said = first.metadata().u32(TENSORS, tensors);
    if (said != tensors) {
      throw first
          .file()
          .damaged("its parts have %d tensors, not %d as it says".formatted(tensors, said));
    }
  }
}
