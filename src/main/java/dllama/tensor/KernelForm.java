package dllama.tensor;

/// One of several ways to do a [KernelPart]; all give the same bits.
///
/// @param name for people
record KernelForm(String name, Kernels kernels) {
  static final KernelForm PLAIN = new KernelForm("plain loops", new ScalarKernels());
}
