package dllama.model;

/// Indices `from` ≤ i < `to`.
public record Range(int from, int to) {
  public Range {
    if (from < 0 || to < from) {
      throw new IllegalArgumentException("from=%d to=%d".formatted(from, to));
    }
  }

  public int size() {
    return to - from;
  }

  public boolean has(int index) {
    return index >= from && index < to;
  }

  public Range moved(int by) {
    return new Range(from + by, to + by);
  }

  public Range times(int factor) {
    return new Range(from * factor, to * factor);
  }
}
