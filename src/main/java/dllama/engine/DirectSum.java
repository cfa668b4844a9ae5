package dllama.engine;

import java.lang.foreign.MemorySegment;

/// Partials to everybody.
final class DirectSum implements Collective {
  private final ShardEngine engine;

  DirectSum(ShardEngine engine) {
    this.engine = engine;
  }

  @Override
  public int rounds() {
    return 1;
  }

  @Override
  public void write(int round, MemorySegment to) {
    engine.writePartial(to);
  }

  @Override
  public int sentFrom(int round, int peer) {
    return 0;
  }

  @Override
  public int sentBytes(int round, int peer) {
    return (int) engine.partialBytes(engine.rank());
  }

  @Override
  public int receivedBytes(int round, int peer) {
    return (int) engine.partialBytes(peer);
  }

  @Override
  public void read(int round, MemorySegment[] all) {
    engine.reduce(all);
  }
}
