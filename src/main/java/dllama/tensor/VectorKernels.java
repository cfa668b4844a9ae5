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

  private static final int BUNDLE = Activations.BUNDLE;

  private final VectorProduct product;

  /// @param product that multiplies, with weights of its type only
  VectorKernels(VectorProduct product) {
    if (product.groups() > VectorProduct.MAX_GROUPS) {
      throw new IllegalArgumentException("groups=" + product.groups());
    }
    this.product = product;
  }

  /// What is worth trying on this machine, the default first.
  static List<KernelForm> forms(KernelPart part, DType type) {
    return switch (part) {
      case DECODE -> forms(type.decodeProducts());
      case PREFILL -> forms(type.prefillProducts());
      case ATTENTION, ROWS ->
          List.of(
              new KernelForm("vectors", new VectorKernels(DType.F32.decodeProducts().getFirst())));
    };
  }

  private static List<KernelForm> forms(List<VectorProduct> products) {
    return products.isEmpty()
        ? List.of(KernelForm.PLAIN)
        : products.stream()
            .map(product -> new KernelForm(product.name(), new VectorKernels(product)))
            .toList();
  }

  /// Whether the machine has vectors of at least 128 bit that the compiler knows.
  static boolean supported() {
    return VectorShape.preferredShape().vectorBitSize() >= 128;
  }

  @Override
  public void load(float[] x, int xAt, Activations into, int token) {
    try {
      for (InputForm form : into.forms()) {
        switch (form) {
          case FLOATS -> System.arraycopy(x, xAt, into.values(), into.valueAt(token), into.cols());
          case CODES, CARRIED_CODES, PAIRED_CODES ->
              VectorBlocks.loadCodes(x, xAt, into, form, token);
          case TRIPLE_CODES -> into.putTriples(token);
          case FLOAT_CODES -> VectorBlocks.loadFloatCodes(x, xAt, into, token);
        }
      }
    } finally {
      Reference.reachabilityFence(into);
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
    long bytes = w.groupBytes();
    int step = product.groups();
    for (int group = fromGroup; group < toGroup; group += step) {
      int groups = Math.min(step, toGroup - group);
      long at = w.data().address() + group * bytes;
      for (int token = 0; token < tokens; ) {
        int count = Math.min(product.tokens(), tokens - token);
        count = count < BUNDLE_FROM ? 1 : count <= BUNDLE ? count : count / BUNDLE * BUNDLE;
        product.pass(at, bytes, groups, x, token, count, scratch);
        store(
            scratch.acc, w.rows(), group, groups, count, out, outAt + token * outStride, outStride);
        token += count;
      }
    }
  }

  private static void store(
      float[] acc, int rows, int group, int groups, int count, float[] out, int outAt, int stride) {
    int ofGroup = Math.max(count, BUNDLE);
    for (int g = 0; g < groups; g++) {
      int row = (group + g) * Tiles.ROWS;
      int width = Math.min(Tiles.ROWS, rows - row);
      for (int t = 0; t < count; t++) {
        int from = (g * ofGroup + t) * Tiles.ROWS;
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
  public void clampedSwiglu(float[] gate, int gateAt, float[] up, int upAt, int size) {
    VectorRows.clampedSwiglu(gate, gateAt, up, upAt, size);
  }

  @Override
  public void softcap(float[] x, int xAt, int size, float cap) {
    VectorRows.softcap(x, xAt, size, cap);
  }

  @Override
  public void sigmoidGate(float[] x, int xAt, float[] gate, int gateAt, int size) {
    VectorRows.sigmoidGate(x, xAt, gate, gateAt, size);
  }

  @Override
  public void convolve(
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
      float[] out) {
    VectorDelta.convolve(
        x, xAt, stride, tokens, filter, filterAt, filterStride, kernel, before, size, out);
  }

  @Override
  public void l2Norm(float[] x, int at, int size, float epsilon) {
    VectorDelta.l2Norm(x, at, size, epsilon);
  }

  @Override
  public void deltaRule(
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
      float[] out) {
    VectorDelta.deltaRule(
        state, rows, cols, tokens, x, queryAt, keyAt, valueAt, stride, decay, beta, gateAt, out);
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
      int from,
      int length,
      float[] sinks,
      int sinkAt,
      float[] scores,
      float[] out,
      int outAt) {
    try {
      VectorAttention.attend(
          query, queryAt, heads, cache, pages, from, length, sinks, sinkAt, scores, out, outAt);
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
