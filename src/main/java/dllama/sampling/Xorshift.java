package dllama.sampling;

/// The xorshift* generator of distributed-llama: same seed, same numbers. Seed 0
/// gives zeros only.
final class Xorshift {
  private long state;

  Xorshift(long seed) {
    this.state = seed;
  }

  /// 32 random bits.
  int nextBits() {
    state ^= state >>> 12;
    state ^= state << 25;
    state ^= state >>> 27;
    return (int) ((state * 0x2545F4914F6CDD1DL) >>> 32);
  }

  /// From 0 (inclusive) to 1 (exclusive).
  float nextFloat() {
    return (nextBits() >>> 8) / 16777216f;
  }
}
