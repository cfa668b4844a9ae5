package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Kernels whose parts can be done in another form from one call to the next, on any thread: the
/// results are the same. What it costs is a look into a map in a call that takes microseconds.
///
/// At first everything is done in the first form of its part.
final class ChosenKernels implements Kernels {
  /// Of each part, and weights of each type: those worth trying, the best known first.
  @FunctionalInterface
  interface Forms {
    List<KernelForm> of(KernelPart part, DType weights);
  }

  private static final class Choice {
    final List<KernelForm> forms;
    volatile KernelForm chosen;

    Choice(List<KernelForm> forms) {
      this.forms = forms;
      chosen = forms.getFirst();
    }
  }

  private final int vectorBits;
  private final Map<KernelPart, Map<DType, Choice>> choices = new EnumMap<>(KernelPart.class);

  ChosenKernels(int vectorBits, Forms forms) {
    this.vectorBits = vectorBits;
    for (KernelPart part : KernelPart.values()) {
      choices.put(
          part,
          DType.all().stream()
              .collect(
                  Collectors.toUnmodifiableMap(
                      Function.identity(), type -> new Choice(forms.of(part, type)))));
    }
  }

  private Choice choice(KernelPart part, DType type) {
    Map<DType, Choice> ofPart = choices.get(part);
    Choice choice = ofPart == null ? null : ofPart.get(type);
    if (choice == null) {
      throw new IllegalArgumentException("type=" + type);
    }
    return choice;
  }

  /// Forms of a part for weights, or keys and values, of a type.
  List<KernelForm> forms(KernelPart part, DType type) {
    return choice(part, type).forms;
  }

  int vectorBits() {
    return vectorBits;
  }

  KernelForm chosen(KernelPart part, DType type) {
    return choice(part, type).chosen;
  }

  void use(KernelPart part, DType type, KernelForm form) {
    choice(part, type).chosen = form;
  }

  private Kernels kernels(KernelPart part, DType type) {
    return chosen(part, type).kernels();
  }

  /// Products by name; of the rest what is not as it was meant to be.
  @Override
  public KernelReport report(Collection<DType> weights) {
    List<String> names = new ArrayList<>();
    for (KernelPart part : KernelPart.values()) {
      boolean product = part == KernelPart.DECODE || part == KernelPart.PREFILL;
      for (DType type : product ? weights : List.of(DType.F32, DType.F16)) {
        KernelForm form = chosen(part, type);
        if (product || !form.equals(forms(part, type).getFirst())) {
          String of = product && weights.size() > 1 ? " of " + type : "";
          names.add(part + of + " " + form.name());
        }
      }
    }
    return new KernelReport(vectorBits, List.copyOf(names));
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
    KernelPart part = tokens < VectorKernels.BUNDLE_FROM ? KernelPart.DECODE : KernelPart.PREFILL;
    kernels(part, w.dtype()).matmul(w, fromGroup, toGroup, x, tokens, out, outAt, outStride);
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
    kernels(KernelPart.ATTENTION, cache.dtype())
        .attend(
            query, queryAt, heads, cache, pages, from, length, sinks, sinkAt, scores, out, outAt);
  }

  private Kernels rows() {
    return kernels(KernelPart.ROWS, DType.F32);
  }

  @Override
  public void append(
      KvHead cache, int page, int slot, float[] key, int keyAt, float[] value, int valueAt) {
    rows().append(cache, page, slot, key, keyAt, value, valueAt);
  }

  @Override
  public void load(float[] x, int xAt, Activations into, int token) {
    rows().load(x, xAt, into, token);
  }

  @Override
  public void rmsNorm(
      float[] x, int xAt, float[] weight, int size, float epsilon, float[] out, int outAt) {
    rows().rmsNorm(x, xAt, weight, size, epsilon, out, outAt);
  }

  @Override
  public void swiglu(float[] gate, int gateAt, float[] up, int upAt, int size) {
    rows().swiglu(gate, gateAt, up, upAt, size);
  }

  @Override
  public void geglu(float[] gate, int gateAt, float[] up, int upAt, int size) {
    rows().geglu(gate, gateAt, up, upAt, size);
  }

  @Override
  public void clampedSwiglu(float[] gate, int gateAt, float[] up, int upAt, int size) {
    rows().clampedSwiglu(gate, gateAt, up, upAt, size);
  }

  @Override
  public void softcap(float[] x, int xAt, int size, float cap) {
    rows().softcap(x, xAt, size, cap);
  }

  @Override
  public void sigmoidGate(float[] x, int xAt, float[] gate, int gateAt, int size) {
    rows().sigmoidGate(x, xAt, gate, gateAt, size);
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
    rows()
        .convolve(
            x, xAt, stride, tokens, filter, filterAt, filterStride, kernel, before, size, out);
  }

  @Override
  public void l2Norm(float[] x, int at, int size, float epsilon) {
    rows().l2Norm(x, at, size, epsilon);
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
    rows()
        .deltaRule(
            state, rows, cols, tokens, x, queryAt, keyAt, valueAt, stride, decay, beta, gateAt,
            out);
  }

  @Override
  public void add(float[] sum, int sumAt, float[] x, int xAt, int size) {
    rows().add(sum, sumAt, x, xAt, size);
  }

  @Override
  public void encode(float[] x, int xAt, int size, DType dtype, MemorySegment to, long toByte) {
    rows().encode(x, xAt, size, dtype, to, toByte);
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
    rows().decode(from, fromByte, dtype, size, accumulate, sum, sumAt);
  }
}
