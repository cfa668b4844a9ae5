package dllama.engine;

import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import dllama.tensor.WorkerPool;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;

/// The way from a rank's partial to the residual stream: encoded for other ranks, summed with
/// theirs, added. Works on any run of values of `[tokens, dim]` that starts with a whole block, so
/// that a [Collective] may leave different values to different ranks.
///
/// Partials are summed in rank order with Q8_0 exchange, as a tree with F32 exchange, value by
/// value: who sums which values changes no bit.
final class PartialSum {
  /// Below this many values the calling thread alone is faster than a barrier.
  /// What is exchanged is cut at these, whatever its type.
  static final int BLOCK = DType.Q8_0.blockSize();

  private static final int PARALLEL_VALUES = 1 << 15;

  private final ShardPlan plan;
  private final StepState step;

  /// Of each rank: how many sums its partial is made of, of as many values each.
  private final int[] branches;
  private final WorkerPool.Task writeShare = this::writeShare;
  private final WorkerPool.Task sumShare = this::sumShare;
  private final WorkerPool.Task sumAndAddShare = this::sumAndAddShare;
  private final WorkerPool.Task readShare = this::readShare;
  private final WorkerPool.Task addShare = this::addShare;
  private final WorkerPool.Task addChangedShare = this::addChangedShare;

  // What the tasks work on.
  private int first;
  private int size;
  private int branch;
  private long at;
  private DType type = DType.F32;
  private MemorySegment bytes = MemorySegment.NULL;
  private MemorySegment[] partials = {};
  private int whole;
  private SliceWeights.Output output = SliceWeights.Output.PLAIN;

  PartialSum(ShardPlan plan, StepState step) {
    this.plan = plan;
    this.step = step;
    branches =
        IntStream.range(0, plan.worldSize()).map(rank -> plan.branches(rank).size()).toArray();
  }

  /// All values of the exchange that is due.
  int values() {
    return step.tokens() * plan.spec().dim() * step.sums;
  }

  /// Bytes of what a rank sends of `size` values of its partial.
  long byteSize(int rank, int size) {
    return branches[rank] * plan.partialType().byteSize(size);
  }

  /// Encodes what `rank`, this one, has of `size` values of its partial from `first` on: branch
  /// after branch, from byte `at` of `to` on.
  void writePartial(int rank, int first, int size, MemorySegment to, long at) {
    for (int i = 0; i < branches[rank]; i++) {
      write(i, first, size, plan.partialType(), to, at + i * plan.partialType().byteSize(size));
    }
  }

  /// After [#sum]: encodes the sum of `size` values from `first` on, to byte 0 of `to`.
  void writeSum(int first, int size, DType type, MemorySegment to) {
    write(0, first, size, type, to, 0);
  }

  private void write(int branch, int first, int size, DType type, MemorySegment to, long at) {
    prepare(first, size);
    this.type = type;
    this.branch = branch;
    this.at = at;
    bytes = to;
    share(writeShare, size);
  }

  /// Sums `size` values from `first` on.
  ///
  /// @param all of all ranks, in rank order, each in the exchange type from its byte 0 on
  /// @param whole the one of them that has all values before `first`, too
  /// @throws IllegalArgumentException if one is missing or too short
  void sum(int first, int size, MemorySegment[] all, int whole) {
    prepare(first, size);
    prepareSum(all, whole);
    share(sumShare, size * all.length);
  }

  /// Takes over the sum of `size` values from `first` on.
  void read(int first, int size, DType type, MemorySegment from) {
    prepare(first, size);
    this.type = type;
    bytes = from;
    share(readShare, size);
  }

  /// `x += sum`, the sum, or both of them, changed as `output` says.
  void add(SliceWeights.Output output) {
    prepare(0, step.tokens() * plan.spec().dim());
    this.output = output;
    share(output.isPlain() ? addShare : addChangedShare, size);
  }

  /// [#sum] of all values and [#add], with one barrier less.
  void sumAndAdd(MemorySegment[] all, SliceWeights.Output output) {
    if (!output.isPlain()) {
      sum(0, values(), all, 0);
      add(output);
      return;
    }
    prepare(0, values());
    prepareSum(all, 0);
    share(sumAndAddShare, size * all.length);
  }

  private void prepare(int from, int count) {
    first = from;
    size = count;
  }

  private void prepareSum(MemorySegment[] all, int whole) {
    if (all.length != plan.worldSize()) {
      throw new IllegalArgumentException("partials=" + all.length);
    }
    partials = all;
    this.whole = whole;
    for (int rank = 0; rank < all.length; rank++) {
      long needed = firstByte(rank) + byteSize(rank, size);
      if (all[rank].byteSize() < needed) {
        throw new IllegalArgumentException(
            "partial of %d bytes, not %d".formatted(all[rank].byteSize(), needed));
      }
    }
  }

  /// Where what is summed begins in a rank's partial.
  private long firstByte(int rank) {
    return rank == whole ? byteSize(rank, first) : 0;
  }

  private void share(WorkerPool.Task task, int work) {
    if (work < PARALLEL_VALUES) {
      task.run(0, 1);
    } else {
      step.pool.run(task);
    }
  }

  private void writeShare(int thread, int threads) {
    int from = shareFrom(thread, threads);
    int count = shareFrom(thread + 1, threads) - from;
    float[] values = step.leaves.branch(branch);
    step.kernels.encode(values, first + from, count, type, bytes, at + type.byteSize(from));
  }

  private void readShare(int thread, int threads) {
    int from = shareFrom(thread, threads);
    int count = shareFrom(thread + 1, threads) - from;
    long fromByte = type.byteSize(from);
    step.kernels.decode(bytes, fromByte, type, count, false, step.partial, first + from);
  }

  private void sumShare(int thread, int threads) {
    int from = shareFrom(thread, threads);
    int count = shareFrom(thread + 1, threads) - from;
    for (int other = 0, addend = 0; other < partials.length; other++) {
      for (int i = 0; i < branches[other]; i++, addend++) {
        add(addend, other, i, from, count);
      }
    }
  }

  /// Adds `count` values from `from` on, counted from [#first], of one of the sums that a rank has
  /// sent.
  private void add(int addend, int rank, int branch, int from, int count) {
    DType partialType = plan.partialType();
    boolean tree = plan.sumsAsTree();
    float[] to = tree ? step.ranks.place(addend) : step.partial;
    boolean accumulate = !tree && addend > 0;
    long fromByte =
        firstByte(rank) + branch * partialType.byteSize(size) + partialType.byteSize(from);
    int at = first + from;
    step.kernels.decode(partials[rank], fromByte, partialType, count, accumulate, to, at);
    if (tree) {
      step.ranks.add(addend, at, count);
    }
  }

  private void addShare(int thread, int threads) {
    int from = shareFrom(thread, threads);
    int count = shareFrom(thread + 1, threads) - from;
    step.kernels.add(step.x, first + from, step.partial, first + from, count);
  }

  private void sumAndAddShare(int thread, int threads) {
    sumShare(thread, threads);
    addShare(thread, threads);
  }

  private void addChangedShare(int thread, int threads) {
    int dim = plan.spec().dim();
    float epsilon = plan.spec().rmsEpsilon();
    float[] sum = step.partial;
    float[] bias = output.bias();
    float[] norm = output.norm();
    float scale = output.scale();
    int to = WorkerPool.from(step.tokens(), thread + 1, threads);
    for (int token = WorkerPool.from(step.tokens(), thread, threads); token < to; token++) {
      int at = token * dim;
      addSums(token);
      if (bias.length > 0) {
        step.kernels.add(sum, at, bias, 0, dim);
      }
      for (int i = at; scale != 1 && i < at + dim; i++) {
        sum[i] *= scale;
      }
      if (norm.length > 0) {
        step.kernels.rmsNorm(sum, at, norm, dim, epsilon, sum, at);
      }
      step.kernels.add(step.x, at, sum, at, dim);
    }
  }

  /// Where there are several sums of a token: norms each of them, and makes one of them.
  private void addSums(int token) {
    int dim = plan.spec().dim();
    float[] sum = step.partial;
    List<float[]> norms = output.sumNorms();
    for (int i = 0; i < norms.size(); i++) {
      int at = (i * step.tokens() + token) * dim;
      step.kernels.rmsNorm(sum, at, norms.get(i), dim, plan.spec().rmsEpsilon(), sum, at);
      if (i > 0) {
        step.kernels.add(sum, token * dim, sum, at, dim);
      }
    }
  }

  /// Start of a thread's share in whole blocks, counted from [#first].
  private int shareFrom(int thread, int threads) {
    int blocks = Math.ceilDiv(size, BLOCK);
    return Math.min(WorkerPool.from(blocks, thread, threads) * BLOCK, size);
  }
}
