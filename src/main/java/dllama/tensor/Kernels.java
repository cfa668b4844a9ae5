package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Collection;

/// The arithmetic of the forward pass on ranges that a single thread computes. Implementations are
/// stateless.
///
/// [ScalarKernels] is the specification; every other implementation gives the same bits, for any
/// vector width, thread count and batch size: a token's results do not depend on what else is in
/// the batch. No method allocates once warm. All offsets (`…At`) are in elements.
public interface Kernels {
  /// Heads whose scores [#attend] needs at the same time, at most.
  int HEADS_TOGETHER = 4;

  /// The fastest kernels of this machine: the Vector API's where its module is loaded.
  ///
  /// @param vectorApi false for the plain loops of [ScalarKernels] in any case
  static Kernels choose(boolean vectorApi) {
    return vectorApi
            && ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
            && VectorKernels.supported()
        ? new ChosenKernels(Vectors.SHORTS.vectorBitSize(), VectorKernels::forms)
        : new ScalarKernels();
  }

  /// Has vectors no wider than this many bits, in a process that has not computed yet.
  static void limitVectors(int bits) {
    VectorWidth.limit(bits);
  }

  /// What computes, with weights of these types.
  default KernelReport report(Collection<DType> weights) {
    return KernelReport.PLAIN;
  }

  /// Stores one row of activations as token `token` of `into`, in all the forms that `into` keeps:
  /// rounded to Q8_0 for Q4_0 and Q8_0 weights, as it is for F32 and F16.
  void load(float[] x, int xAt, Activations into, int token);

  /// `out[outAt + t · outStride + row] = w[row, :] · x[t]` for the first `tokens` rows of `x` and
  /// the row groups `fromGroup` ≤ group < `toGroup` of `w`. Padding rows of the last group are not
  /// written.
  void matmul(
      PackedMatrix w,
      int fromGroup,
      int toGroup,
      Activations x,
      int tokens,
      float[] out,
      int outAt,
      int outStride);

  /// `out = x / sqrt(mean(x²) + epsilon) · weight` over `size` values; `out` may be `x`.
  void rmsNorm(float[] x, int xAt, float[] weight, int size, float epsilon, float[] out, int outAt);

  /// `gate = silu(gate) · up`, elementwise.
  void swiglu(float[] gate, int gateAt, float[] up, int upAt, int size);

  /// `gate = gelu(gate) · up`, elementwise, gelu by the tanh approximation.
  void geglu(float[] gate, int gateAt, float[] up, int upAt, int size);

  /// `gate = g · sigmoid(1.702 g) · (clamp(up, −7, 7) + 1)` with g = min(gate, 7), elementwise.
  void clampedSwiglu(float[] gate, int gateAt, float[] up, int upAt, int size);

  /// `x = cap · tanh(x / cap)`, elementwise.
  void softcap(float[] x, int xAt, int size, float cap);

  /// `x = x · sigmoid(gate)`, elementwise.
  void sigmoidGate(float[] x, int xAt, float[] gate, int gateAt, int size);

  /// Causal convolution of `size` channels by themselves, over successive tokens of a sequence, and
  /// silu of it: `out[t] = silu(Σ filter[i] · x[t + i + 1 − kernel])`.
  ///
  /// @param x input of token t from `xAt + t · stride` on; `out` has the same places
  /// @param filter of the `i`th input from `filterAt + i · filterStride` on, the earliest first
  /// @param before inputs before the first token, `[kernel − 1, size]`; afterwards those before the
  ///     next one
  void convolve(
      float[] x,
      int xAt,
      int stride,
      int tokens,
      float[] filter,
      int filterAt,
      int filterStride,
      int kernel,
      float[] before,
      int size,
      float[] out);

  /// `x = x / max(|x|, epsilon)`, with the Euclidean length.
  void l2Norm(float[] x, int at, int size, float epsilon);

  /// The gated delta rule of some columns of one head, over successive tokens of a sequence: a
  /// state S decays, what it says of the key is replaced by the value as far as beta says, and the
  /// query reads it: `S = S · decay; S += key · beta · (value − Sᵀ key)ᵀ; out = Sᵀ query /
  /// sqrt(rows)`.
  ///
  /// @param state `[rows, cols]`, before the first token and then after the last one
  /// @param x query and key, `rows` values each, and value, `cols` values, of token t from `queryAt
  ///     + t · stride` on, and so forth
  /// @param decay of token t at `gateAt + t`, as in `beta`
  /// @param out has the places of values
  void deltaRule(
      float[] state,
      int rows,
      int cols,
      int tokens,
      float[] x,
      int queryAt,
      int keyAt,
      int valueAt,
      int stride,
      float[] decay,
      float[] beta,
      int gateAt,
      float[] out);

  /// `sum += x`, elementwise.
  void add(float[] sum, int sumAt, float[] x, int xAt, int size);

  /// Writes key and value of one position into the cache of one kv head.
  void append(KvHead cache, int page, int slot, float[] key, int keyAt, float[] value, int valueAt);

  /// Attention of `heads` query heads, one after another in `query` and `out`, over positions
  /// `from` ≤ p < `length` of the cache that they share: `out = softmax(q · K / sqrt(headDim)) ·
  /// V`.
  ///
  /// @param pages of all positions, those before `from` included, which are not looked at
  /// @param sinks of each head, from `sinkAt` on, a score that takes its share of the softmax and
  ///     has no value; empty if there are none
  /// @param scores scratch of at least [#HEADS_TOGETHER] · `cache.capacity()` values, this thread's
  ///     own
  void attend(
      float[] query,
      int queryAt,
      int heads,
      KvHead cache,
      int[] pages,
      int from,
      int length,
      float[] sinks,
      int sinkAt,
      float[] scores,
      float[] out,
      int outAt);

  /// Encodes `size` values (a multiple of 32 for Q8_0) as F32 or Q8_0 blocks from byte `toByte` of
  /// `to` on.
  void encode(float[] x, int xAt, int size, DType dtype, MemorySegment to, long toByte);

  /// `sum = decoded`, or `sum += decoded` when `accumulate`: the inverse of [#encode].
  void decode(
      MemorySegment from,
      long fromByte,
      DType dtype,
      int size,
      boolean accumulate,
      float[] sum,
      int sumAt);
}
