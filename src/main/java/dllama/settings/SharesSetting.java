package dllama.settings;

import dllama.error.UserException;
import dllama.error.VisibleText;
import java.util.List;
import java.util.stream.Stream;

/// How much of a model each node takes: all the same, as much as they are measured to be fast, or
/// in proportions that the user gives.
///
/// @param measured whether nodes are measured
/// @param parts proportions, the root's first; empty: the same for all, or what is measured
public record SharesSetting(boolean measured, List<Integer> parts) {
  public static final SharesSetting EQUAL = new SharesSetting(false, List.of());
  public static final SharesSetting AUTO = new SharesSetting(true, List.of());

  private static final int MOST_NODES = 1024;
  private static final int MOST = 1_000_000;

  /// What the user gives.
  ///
  /// @throws UserException if `text` is neither `equal`, `auto` nor proportions as in `3:2:2:1`
  public static SharesSetting parse(String text) {
    return switch (text.strip()) {
      case "equal" -> EQUAL;
      case "auto" -> AUTO;
      default -> new SharesSetting(false, parts(text));
    };
  }

  private static List<Integer> parts(String text) {
    List<Integer> parts = Stream.of(text.strip().split(":", -1)).map(SharesSetting::part).toList();
    if (parts.size() > MOST_NODES || parts.contains(0)) {
      throw new UserException(
          "--shares %s: equal, auto, or whole numbers from 1 to %d for the root and each worker, as in 3:2:2:1"
              .formatted(VisibleText.line(text, 80), MOST));
    }
    return parts;
  }

  /// 0 if it is none.
  private static int part(String text) {
    try {
      int part = Integer.parseInt(text.strip());
      return part > MOST ? 0 : Math.max(0, part);
    } catch (NumberFormatException e) {
      return 0;
    }
  }
}
