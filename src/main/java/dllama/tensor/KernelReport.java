package dllama.tensor;

import java.util.List;

/// What a node computes with, for people.
///
/// @param vectorBits width of its vectors; 0 with plain loops
/// @param forms of its kernels, such as "prefill 4 tokens a pass"
public record KernelReport(int vectorBits, List<String> forms) {
  static final KernelReport PLAIN = new KernelReport(0, List.of(KernelForm.PLAIN.name()));

  /// All in one line.
  public String text() {
    String kernels = String.join(", ", forms);
    return vectorBits == 0 ? kernels : "%d bit, %s".formatted(vectorBits, kernels);
  }
}
