package dllama.step;

/// The pages of keys and values, and the places for states, that the sequences of a world share.
///
/// @param epoch names the world; another one's pages hold nothing. 0 while there is none
/// @param pages ids are 0 ≤ id < pages
/// @param states places for states, alike; 0 where sequences have none
public record PagePool(long epoch, int pages, int states) {
  /// While there is no world.
  public static final PagePool NONE = new PagePool(0, 0, 0);

  /// Of a model whose sequences have no states.
  public PagePool(long epoch, int pages) {
    this(epoch, pages, 0);
  }
}
