package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.List;
import jdk.incubator.vector.VectorShape;

/// Kernels on the Vector API; the same bits as [ScalarKernels], which says what they are.
///
/// Needs the module `jdk.incubator.vector`. The parts differ by what they keep in vector lanes:
/// rows of weights in products, positions in scores, dimensions elsewhere.
///
/// What is read by address must not be collected meanwhile, hence the fences.
final class VectorKernels implements Kernels {
  /// From this many tokens on a bundle pays, even if it is not full.
  static final int BUNDLE_FROM = 3;

  /// Tokens of a pass of [Q40Prefill].
  private final int tokensOfPass;

  VectorKernels(int tokensOfPass) {
    this.tokensOfPass = tokensOfPass;
  }

  /// What is worth trying on this machine, the default first.
  static List<KernelForm> forms(KernelPart part, DType type) {
    if (type == DType.Q40 && part == KernelPart.PREFILL) {
      return Q40Prefill.FORMS.stream()
          .map(tokens -> new KernelForm(tokens + " tokens a pass", new VectorKernels(tokens)))
          .toList();
    }
    String name = type == DType.Q40 && part == KernelPart.DECODE ? Q40Decode.FORM : "vectors";
    return List.of(new KernelForm(name, new VectorKernels(Q40Prefill.FORMS.getFirst())));
  }

  /// Whether the machine has vectors of at least 128 bit that the compiler knows.
  static boolean supported() {
    return VectorShape.preferredShape().vectorBitSize() >= 128;
  }

  @Override
  public void load(float[] x, int xAt, Activations into, int token) {
    if (into.weightType().quantized()) {
      try {
        VectorBlocks.loadQ80(x, xAt, into, token);
      } finally {
        Reference.reachabilityFence(into);
      }
    } else {
      System.arraycopy(x, xAt, into.values(), into.valueAt(token), into.cols());
    }
  }

  @Override
  public void matmul(
      PackedMatrix w,
      int fromGroup,
      int toGroup,
      Activations x,
      int tokens,
      float[] out,
      int outAt,
      int outStride) {
    x.check(w, fromGroup, toGroup, tokens);
    try {
      multiply(w, fromGroup, toGroup, x, tokens, out, outAt, outStride);
    } finally {
      Reference.reachabilityFence(w);
      Reference.reachabilityFence(x);
    }
  }

  private void multiply(
      PackedMatrix w,
      int fromGroup,
      int toGroup,
      Activations x,
      int tokens,
      float[] out,
      int outAt,
      int outStride) {
    Scratch scratch = Scratch.ofThread();
    int step = groupsOfPass(w.dtype(), tokens);
    for (int group = fromGroup; group < toGroup; group += step) {
      int groups = Math.min(step, toGroup - group);
      for (int token = 0; token < tokens; ) {
        int count = Math.min(Activations.BUNDLE, tokens - token);
        if (count < BUNDLE_FROM || w.dtype() == DType.Q80) {
          count = 1;
        }
        pass(w, group, groups, x, token, count, scratch);
        store(
            scratch.acc, w.rows(), group, groups, count, out, outAt + token * outStride, outStride);
        token += count;
      }
    }
  }

  private static int groupsOfPass(DType dtype, int tokens) {
    if (dtype != DType.Q40) {
      return 1;
    }
    return tokens >= BUNDLE_FROM ? Q40Prefill.GROUPS : Q40Decode.GROUPS;
  }

  /// Results of `groups` groups and `count` tokens to `acc[groups, 8, 32]`; one token or a bundle.
  private void pass(
      PackedMatrix w, int group, int groups, Activations x, int token, int count, Scratch scratch) {
    long bytes = w.groupBytes();
    long at = w.data().address() + group * bytes;
    switch (w.dtype()) {
      case F32, F16 -> FloatTiles.group(w.dtype(), at, x, token, count, scratch);
      case Q80 -> Q80Decode.group(at, x, token, scratch.acc);
      case Q40 -> {
        if (count > 1) {
          Q40Prefill.groups(tokensOfPass, at, bytes, groups, x, token, count, scratch);
        } else {
          Q40Decode.groups(at, bytes, groups, x, token, scratch);
        }
      }
    }
  }

  private static void store(
      float[] acc, int rows, int group, int groups, int count, float[] out, int outAt, int stride) {
    for (int g = 0; g < groups; g++) {
      int row = (group + g) * Tiles.ROWS;
      int width = Math.min(Tiles.ROWS, rows - row);
      for (int t = 0; t < count; t++) {
        int from = (g * Activations.BUNDLE + t) * Tiles.ROWS;
        System.arraycopy(acc, from, out, outAt + t * stride + row, width);
      }
    }
  }

  @Override
  public void rmsNorm(
      float[] x, int xAt, float[] weight, int size, float epsilon, float[] out, int outAt) {
    VectorRows.rmsNorm(x, xAt, weight, size, epsilon, out, outAt);
  }

  @Override
  public void swiglu(float[] gate, int gateAt, float[] up, int upAt, int size) {
    VectorRows.swiglu(gate, gateAt, up, upAt, size);
  }

  @Override
  public void geglu(float[] gate, int gateAt, float[] up, int upAt, int size) {
    VectorRows.geglu(gate, gateAt, up, upAt, size);
  }

  @Override
  public void add(float[] sum, int sumAt, float[] x, int xAt, int size) {
    VectorRows.add(sum, sumAt, x, xAt, size);
  }

  @Override
  public void append(
      KvHead cache, int page, int slot, float[] key, int keyAt, float[] value, int valueAt) {
    ScalarAttention.append(cache, page, slot, key, keyAt, value, valueAt);
  }

  @Override
  public void attend(
      float[] query,
      int queryAt,
      int heads,
      KvHead cache,
      int[] pages,
      int length,
      float[] scores,
      float[] out,
      int outAt) {
    try {
      VectorAttention.attend(query, queryAt, heads, cache, pages, length, scores, out, outAt);
    } finally {
      Reference.reachabilityFence(cache);
    }
  }

  @Override
  public void encode(float[] x, int xAt, int size, DType dtype, MemorySegment to, long toByte) {
    VectorBlocks.encode(x, xAt, size, dtype, to, toByte);
  }

  @Override
  public void decode(
      MemorySegment from,
      long fromByte,
      DType dtype,
      int size,
      boolean accumulate,
      float[] sum,
      int sumAt) {
    VectorBlocks.decode(from, fromByte, dtype, size, accumulate, sum, sumAt);
  }
}
