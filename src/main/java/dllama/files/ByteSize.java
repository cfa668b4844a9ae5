package dllama.files;

import java.util.Locale;

/// Numbers of bytes for the user, in the unit that shows them; 1 KB = 1024 bytes.
public final class ByteSize {
  private static final String[] UNITS = {"KB", "MB", "GB", "TB"};

  private ByteSize() {}

  /// Such as "12 bytes", "3.4 KB", "1.23 GB".
  public static String text(long bytes) {
    if (bytes < 1024) {
      return bytes == 1 ? "1 byte" : bytes + " bytes";
    }
    double value = bytes / 1024.0;
    int unit = 0;
    while (value >= 1024 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, unit < 2 ? "%.1f %s" : "%.2f %s", value, UNITS[unit]);
  }
}
