package dllama.hub;

import dllama.error.UserException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Names of models and files that strangers choose: checked before a path is made of one.
final class Names {
  private static final int MAX_LENGTH = 150;
  private static final Pattern SAFE = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.+@=, ()-]*");
  private static final Pattern SPLIT =
      Pattern.compile("(.+)-(\\d{5})-of-(\\d{5})\\.gguf", Pattern.CASE_INSENSITIVE);

  private Names() {}

  /// Whether it can be the name of a file or folder, on every system, in the folder where it is
  /// put.
  static boolean safe(String name) {
    return name.length() <= MAX_LENGTH && SAFE.matcher(name).matches() && !name.matches(".*[. ]");
  }

  /// The last part of a path of a server.
  ///
  /// @throws UserException for a path that leads elsewhere, or that no file here can be called by
  static String file(String path) {
    boolean strange = path.startsWith("/") || path.contains("\\") || path.contains(":");
    for (String part : path.split("/", -1)) {
      strange |= part.isEmpty() || part.equals("..") || part.equals(".");
    }
    String name = path.substring(path.lastIndexOf('/') + 1);
    if (strange || !safe(name)) {
      throw new UserException(
          "the server names a file '%s', which is no name for one here; it is not fetched"
              .formatted(path));
    }
    return name;
  }

  /// What a model is called after its file: without ending and number of a part.
  static String model(String file) {
    Matcher split = SPLIT.matcher(file);
    return split.matches() ? split.group(1) : file.replaceAll("(?i)\\.(gguf|m)$", "");
  }

  /// How many parts a GGUF has of which this is one; 1 for a whole one.
  static int parts(String file) {
    Matcher split = SPLIT.matcher(file);
    return split.matches() ? Integer.parseInt(split.group(3)) : 1;
  }

  /// The path of another part of the same GGUF.
  ///
  /// @param number from 1 on
  static String part(String path, int number) {
    Matcher split = SPLIT.matcher(path);
    return split.matches()
        ? "%s-%05d-of-%s.gguf".formatted(split.group(1), number, split.group(3))
        : path;
  }
}
