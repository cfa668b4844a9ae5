package dllama.engine;

import dllama.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Reduce-scatter, then all-gather. The values `[tokens, dim]` are cut in whole blocks into a part
/// for each rank, its owner. Round 0: every owner gets its part of all partials and sums it. Round
/// 1: everybody gets the sums of all owners.
///
/// An owner's own partial is rounded like those that it is sent, and with Q8_0 sums its own sum,
/// too.
final class ScatteredSum implements Collective {
  private final ShardEngine engine;
  private final PartialSum values;
  private final DType sumType;
  private final int rank;
  private final int worldSize;

  ScatteredSum(ShardEngine engine, DType sumType) {
    this.engine = engine;
    this.sumType = sumType;
    values = engine.partialSum();
    rank = engine.rank();
    worldSize = engine.plan().worldSize();
  }

  /// Values of the largest part.
  static int largestPart(int values, int worldSize) {
    return Math.min(
        values, Math.ceilDiv(Math.ceilDiv(values, PartialSum.BLOCK), worldSize) * PartialSum.BLOCK);
  }

  @Override
  public int rounds() {
    return 2;
  }

  @Override
  public void write(int round, MemorySegment to) {
    if (round == 1) {
      values.writeSum(first(rank), size(rank), sumType, to);
      return;
    }
    for (int owner = 0; owner < worldSize; owner++) {
      values.writePartial(rank, first(owner), size(owner), to, sentFrom(0, owner));
    }
  }

  @Override
  public int sentFrom(int round, int peer) {
    return round == 0 ? (int) values.byteSize(rank, first(peer)) : 0;
  }

  @Override
  public int sentBytes(int round, int peer) {
    return (int) (round == 0 ? values.byteSize(rank, size(peer)) : sumType.byteSize(size(rank)));
  }

  @Override
  public int receivedBytes(int round, int peer) {
    return (int) (round == 0 ? values.byteSize(peer, size(rank)) : sumType.byteSize(size(peer)));
  }

  @Override
  public void read(int round, MemorySegment[] all) {
    if (round == 0) {
      values.sum(first(rank), size(rank), all, rank);
      return;
    }
    for (int owner = 0; owner < worldSize; owner++) {
      if (owner != rank || sumType != DType.F32) {
        values.read(first(owner), size(owner), sumType, all[owner]);
      }
    }
    engine.addSum();
  }

  private int first(int owner) {
    int blocks = Math.ceilDiv(values.values(), PartialSum.BLOCK);
    return Math.min((int) ((long) blocks * owner / worldSize) * PartialSum.BLOCK, values.values());
  }

  private int size(int owner) {
    return first(owner + 1) - first(owner);
  }
}
