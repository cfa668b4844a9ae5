package dllama.step;

/// The pages of keys and values that the sequences of a world share.
///
/// @param epoch names the world; another one's pages hold nothing. 0 while there is none
/// @param pages ids are 0 ≤ id < pages
public record PagePool(long epoch, int pages) {
  /// While there is no world.
  public static final PagePool NONE = new PagePool(0, 0);
}
