package dllama.engine;

import dllama.model.Architecture.Trait;
import java.util.List;

/// A feed-forward part whose shared expert and other experts are summed apart from each other,
/// because each of the sums over all ranks is normed by itself. Both travel in one exchange.
final class SeparateSums implements LayerBlock {
  private final StepState step;
  private final LayerBlock shared;
  private final LayerBlock experts;

  /// The feed-forward part of a model, whatever its sums.
  ///
  /// @param addsBias as for [ExpertsBlock]
  static LayerBlock orOne(
      StepState step, List<SliceWeights.Layer> layers, boolean addsBias, int maxTokens) {
    List<SliceWeights.FeedForward> parts =
        layers.stream().map(SliceWeights.Layer::feedForward).toList();
    if (!step.spec.architecture().has(Trait.EXPERTS)) {
      return FeedForwardBlock.dense(step, parts, maxTokens);
    }
    LayerBlock experts = new ExpertsBlock(step, parts, addsBias, maxTokens);
    return step.spec.feedForwardSums() == 1
        ? experts
        : new SeparateSums(step, FeedForwardBlock.shared(step, parts, maxTokens), experts);
  }

  private SeparateSums(StepState step, LayerBlock shared, LayerBlock experts) {
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
