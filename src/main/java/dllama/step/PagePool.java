package dllama.step;

import java.util.stream.IntStream;

/// The pages of keys and values, and the places for windows and for states, that the sequences of a
/// world share.
///
/// @param epoch names the world; another one's pages hold nothing. 0 while there is none
/// @param pages ids are 0 ≤ id < pages
/// @param windows places for a page's keys and values in layers that see the latest positions only,
///     alike; 0 where no layer is like that
/// @param states places for states, alike; 0 where sequences have none
public record PagePool(long epoch, int pages, int windows, int states) {
  /// While there is no world.
  public static final PagePool NONE = new PagePool(0, 0, 0, 0);

  /// Of a model whose sequences have pages alone.
  public PagePool(long epoch, int pages) {
    this(epoch, pages, 0, 0);
  }

  /// The windows of a sequence that has the pool to itself: there are enough of them for what it
  /// sees, so places go round.
  ///
  /// @param pages of the sequence
  public int[] ring(int pages) {
    return windows == 0
        ? new int[0]
        : IntStream.range(0, pages).map(page -> page % windows).toArray();
  }
}
