package dllama.cluster.wire;

import dllama.error.VisibleText;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What messages from other nodes check about themselves when they are made, so that none that
/// makes no sense reaches an actor. All throw [IllegalArgumentException].
public final class Checks {
  /// Characters of a line about what is wrong.
  private static final int LINE = 300;

  /// Characters of an address, a key, a fingerprint.
  private static final int NAME = 300;

  private Checks() {}

  /// A value that a peer may have left out.
  static void present(@Nullable Object value, String name) {
    if (value == null) {
      throw new IllegalArgumentException(name + " is missing");
    }
  }

  static void range(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "%s=%d is not within %d to %d".formatted(name, value, least, most));
    }
  }

  /// A short name; it may become part of a line.
  static String name(String name, String value) {
    present(value, name);
    range("length of " + name, value.length(), 0, NAME);
    return VisibleText.line(value, LINE);
  }

  /// At most `most` names.
  static List<String> names(String name, List<String> values, int most) {
    return list(name, values, most).stream().map(value -> name(name, value)).toList();
  }

  /// At most `most` values, none missing.
  static <T> List<T> list(String name, List<T> values, int most) {
    present(values, name);
    range("number of " + name, values.size(), 0, most);
    values.forEach(value -> present(value, name));
    return List.copyOf(values);
  }

  /// Text of a peer for the user: one line without control characters, not too long.
  public static String line(String name, String text) {
    present(text, name);
    return VisibleText.line(text, LINE);
  }
}
