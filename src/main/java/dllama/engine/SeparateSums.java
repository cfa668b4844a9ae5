package dllama.engine;

/// A feed-forward part whose shared expert and other experts are summed apart from each other,
/// because each of the sums over all ranks is normed by itself. Both travel in one exchange.
final class SeparateSums implements LayerBlock {
  private final StepState step;
  private final LayerBlock shared;
  private final LayerBlock experts;

  SeparateSums(StepState step, LayerBlock shared, LayerBlock experts) {
    this.step = step;
    this.shared = shared;
    this.experts = experts;
  }

  @Override
  public void compute(int layer) {
    shared.compute(layer);
    step.sumAt = step.tokens() * step.spec.dim();
    experts.compute(layer);
    step.sumAt = 0;
  }

  @Override
  public int sums() {
    return 2;
  }

  @Override
  public SliceWeights.Output output() {
    return experts.output();
  }
}
