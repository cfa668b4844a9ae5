package dllama.engine;

import java.util.stream.IntStream;

/// Steps of one sequence, whose pages are the first of the pool.
final class Steps {
  private static final int[] PAGES = IntStream.range(0, 8).toArray();

  private Steps() {}

  static void begin(ShardEngine engine, int tokens, int position, int wanted) {
    engine.rows().clear();
    engine.rows().add(PAGES, position, tokens, wanted);
    engine.begin();
  }
}
