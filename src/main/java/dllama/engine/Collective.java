package dllama.engine;

import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import java.lang.foreign.MemorySegment;

/// One way to do an all-reduce: which bytes a rank sends to whom, and what becomes of those that
/// arrive. Carrying them is the caller's part:
///
/// ```
/// for (int round = 0; round < collective.rounds(); round++) {
///   collective.write(round, mine);
///   for every peer: send `sentBytes(round, peer)` bytes of `mine` from `sentFrom(round, peer)` on
///   wait until there are `receivedBytes(round, peer)` bytes of every peer
///   collective.read(round, all);        // in rank order, `mine` among them
/// }
/// ```
///
/// In every round every rank sends something, if only an empty frame, to every other one, and waits
/// for all, so nobody is ever far ahead of another. One thread; that of its engine.
public interface Collective {
  /// Rounds of one all-reduce.
  int rounds();

  /// Puts what this rank sends in `round` into `to`, which holds [#mostBytes].
  void write(int round, MemorySegment to);

  /// First byte, of those written, that is meant for `peer`.
  int sentFrom(int round, int peer);

  /// Bytes that are meant for `peer`.
  int sentBytes(int round, int peer);

  /// Bytes that `peer` sends to this rank.
  int receivedBytes(int round, int peer);

  /// Takes over what all ranks have sent; the last round ends the engine's exchange.
  ///
  /// @param all one for each rank; at this rank's place all of what it has written itself
  void read(int round, MemorySegment[] all);

  /// Every rank sends its partial to all others, and each sums them all: one round.
  static Collective direct(ShardEngine engine) {
    return new DirectSum(engine);
  }

  /// Every rank sums a part of the values and sends the sums to all others: two rounds.
  ///
  /// @param sums how sums are sent: with F32 the result has the bits of [#direct]; with Q8_0 the
  ///     sums are rounded once more, for their owner, too, so that all ranks still hold the same
  static Collective reduceScatter(ShardEngine engine, DType sums) {
    return new ScatteredSum(engine, sums);
  }

  /// The most that a rank sends, or is sent, at once of `values` values: nothing wider than F32.
  static long mostBytes(ShardPlan plan, int values) {
    return plan.mostBranches() * DType.F32.byteSize(values);
  }

  /// Bytes that a rank sends in one [#direct] all-reduce of `values` values; the rank with the
  /// most.
  static long directBytes(ShardPlan plan, int values) {
    return (plan.worldSize() - 1L) * plan.mostBranches() * plan.partialType().byteSize(values);
  }

  /// About as many as a rank sends in one [#reduceScatter] of `values` values.
  static long scatteredBytes(ShardPlan plan, int values, DType sums) {
    int part = ScatteredSum.largestPart(values, plan.worldSize());
    long both = plan.mostBranches() * plan.partialType().byteSize(part) + sums.byteSize(part);
    return (plan.worldSize() - 1) * both;
  }

  /// Bytes that must be saved to be worth a round, as long as nothing is measured: what a link of
  /// 1 Gbit/s carries in 40 µs, about the time of one over a switch.
  long ROUND_BYTES = 5_000;

  /// Whether [#reduceScatter] with F32 sums, whose result has the same bits, saves enough to be
  /// worth its second round, in a step of `tokens` tokens. With Q8_0 partials that is so from 8
  /// nodes on, as sums are four times as many bytes; with F32 partials from 4 nodes on.
  static boolean isScatteringWorthIt(ShardPlan plan, int tokens) {
    return savedByScattering(plan, tokens) >= ROUND_BYTES;
  }

  /// Bytes of an all-reduce of `tokens` tokens that a rank need not send with F32 sums.
  static long savedByScattering(ShardPlan plan, int tokens) {
    int values = tokens * plan.spec().dim();
    return directBytes(plan, values) - scatteredBytes(plan, values, DType.F32);
  }
}
