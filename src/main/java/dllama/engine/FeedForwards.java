package dllama.engine;

import dllama.model.Architecture.Trait;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Which block is the feed-forward part of each layer.
final class FeedForwards {
  private FeedForwards() {}

  /// One for each layer; layers of a kind have the same.
  ///
  /// @param addsBias as for [ExpertsBlock]
  static List<LayerBlock> of(
      StepState step, List<SliceWeights.Layer> layers, boolean addsBias, int maxTokens) {
    List<SliceWeights.FeedForward> parts =
        layers.stream().map(SliceWeights.Layer::feedForward).toList();
    if (!step.spec.architecture().has(Trait.EXPERTS)) {
      return Collections.nCopies(layers.size(), FeedForwardBlock.dense(step, parts, maxTokens));
    }
    int dense = step.spec.mixture().denseLayers();
    List<LayerBlock> blocks = new ArrayList<>();
    if (dense > 0) {
      LayerBlock first = FeedForwardBlock.dense(step, parts.subList(0, dense), maxTokens);
      blocks.addAll(Collections.nCopies(dense, first));
    }
    LayerBlock experts = new ExpertsBlock(step, parts, addsBias, maxTokens);
    LayerBlock others =
        step.spec.feedForwardSums() == 1
            ? experts
            : new SeparateSums(step, FeedForwardBlock.shared(step, parts, maxTokens), experts);
    blocks.addAll(Collections.nCopies(layers.size() - dense, others));
    return List.copyOf(blocks);
  }
}
