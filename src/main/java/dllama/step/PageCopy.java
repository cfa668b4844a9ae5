package dllama.step;

/// A page whose keys and values become those of another one before the rows of a step are computed:
/// a sequence goes on differently from where others still read.
///
/// @param from page that is read
/// @param to page that is written
public record PageCopy(int from, int to) {}
