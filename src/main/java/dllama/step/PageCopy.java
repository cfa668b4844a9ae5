package dllama.step;

/// A page whose keys and values become those of another one before the rows of a step are computed:
/// a sequence goes on differently from where others still read.
///
/// @param from page that is read
/// @param to page that is written
/// @param fromWindow place of that page's keys and values in layers that see the latest positions
///     only; [#NONE] where no layer is like that
/// @param toWindow the place that is written
public record PageCopy(int from, int to, int fromWindow, int toWindow) {
  /// No place.
  public static final int NONE = -1;

  public PageCopy {
    if (fromWindow < NONE || (fromWindow == NONE) != (toWindow == NONE)) {
      throw new IllegalArgumentException("windows=%d, %d".formatted(fromWindow, toWindow));
    }
  }

  /// Where no layer has windows.
  public PageCopy(int from, int to) {
    this(from, to, NONE, NONE);
  }

  /// Whether windows are copied, too.
  public boolean hasWindow() {
    return fromWindow != NONE;
  }
}
