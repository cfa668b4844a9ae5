package dllama.cluster.rank;

import dllama.engine.Collective;
import dllama.engine.ShardEngine;
import dllama.engine.StepRows;
import dllama.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Some successive rows of a step on their way through its rounds: an engine, and the all-reduce
/// that it is in. Knows what is sent and received, and nothing of how.
///
/// ```
/// fill strand.input() and strand.rows(); strand.begin(scatters);
/// while (strand.advance()) {
///   strand.write(mine);
///   send `sentBytes(peer)` bytes from `sentFrom(peer)` on to every peer, receive theirs
///   strand.read(all);
/// }
/// ```
///
/// Compute thread only.
final class Strand {
  private final ShardEngine engine;
  private final Collective direct;
  private final Collective scattered;
  private Collective collective;
  private int round;

  /// @param sums how reduce-scatter sends sums
  Strand(ShardEngine engine, DType sums) {
    this.engine = engine;
    direct = Collective.direct(engine);
    scattered = Collective.reduceScatter(engine, sums);
    collective = direct;
  }

  /// Where the input rows have to be before [#begin].
  float[] input() {
    return engine.input();
  }

  /// Where what layers are given has to be before [#begin].
  MemorySegment layerRows() {
    return engine.layerRows();
  }

  /// What the input rows are; filled before [#begin].
  StepRows rows() {
    return engine.rows();
  }

  /// Starts with what is in [#rows].
  ///
  /// @param scatters whether all-reduces are done by reduce-scatter
  void begin(boolean scatters) {
    engine.begin();
    collective = scatters ? scattered : direct;
    round = collective.rounds() - 1;
  }

  /// Goes on to the next round, and computes what is sent in it.
  ///
  /// @return false if there is none: everything is computed
  boolean advance() {
    round++;
    if (round < collective.rounds()) {
      return true;
    }
    round = 0;
    return engine.advance();
  }

  /// See [ShardEngine#states].
  void states(int from, int rows, float[] to, int at) {
    engine.states(from, rows, to, at);
  }

  /// See [ShardEngine#strayed].
  String strayed() {
    return engine.strayed();
  }

  /// See [ShardEngine#strayedRank].
  int strayedRank() {
    return engine.strayedRank();
  }

  /// Puts what is sent in this round into `to`.
  void write(MemorySegment to) {
    collective.write(round, to);
  }

  /// First byte, of those written, that is meant for `peer`.
  int sentFrom(int peer) {
    return collective.sentFrom(round, peer);
  }

  /// Bytes that are meant for `peer`.
  int sentBytes(int peer) {
    return collective.sentBytes(round, peer);
  }

  /// Bytes that `peer` sends in this round.
  int receivedBytes(int peer) {
    return collective.receivedBytes(round, peer);
  }

  /// Takes over what all ranks have sent, in rank order.
  void read(MemorySegment[] all) {
    collective.read(round, all);
  }
}
