package dllama.engine;

import dllama.model.DeltaNet;
import dllama.model.RopeTable;
import dllama.slice.DeltaCuts;
import dllama.slice.ShardPlan;
import dllama.slice.SliceLayout;
import dllama.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// What sequences have left behind on a rank: pages of keys and values in layers with attention,
/// and in layers with delta networks states; in one piece of memory.
record Past(KvPages pages, DeltaCuts cuts, DeltaStates states) {
  /// @param memory of as many bytes as [#bytes] says
  static Past of(SliceLayout layout, MemorySegment memory, EngineSettings settings) {
    ShardPlan plan = layout.plan();
    int rank = layout.rank();
    long ofPages = pageBytes(plan, rank, settings.kv()) * settings.pages();
    long ofWindows = windowBytes(plan, rank, settings.kv()) * settings.windows();
    MemorySegment pages = memory.asSlice(0, ofPages);
    MemorySegment windows = memory.asSlice(ofPages, ofWindows);
    DeltaCuts cuts = plan.deltaCuts(rank);
    return new Past(
        new KvPages(pages, windows, plan, rank, settings.kv()),
        cuts,
        new DeltaStates(memory.asSlice(ofPages + ofWindows), plan.spec().deltaNet(), cuts));
  }

  /// Bytes of all pages, windows and states.
  static long bytes(ShardPlan plan, int rank, EngineSettings settings) {
    DType kv = settings.kv();
    long pages = Math.multiplyExact(pageBytes(plan, rank, kv), (long) settings.pages());
    long windows = Math.multiplyExact(windowBytes(plan, rank, kv), (long) settings.windows());
    long states = Math.multiplyExact(stateBytes(plan, rank), (long) settings.states());
    return Math.addExact(Math.addExact(pages, windows), states);
  }

  static long pageBytes(ShardPlan plan, int rank, DType kv) {
    return KvPages.pageBytes(plan, rank, kv);
  }

  static long windowBytes(ShardPlan plan, int rank, DType kv) {
    return KvPages.windowBytes(plan, rank, kv);
  }

  static long stateBytes(ShardPlan plan, int rank) {
    DeltaNet net = plan.spec().deltaNet();
    return net.exists() ? DeltaStates.stateBytes(net, plan.deltaCuts(rank)) : 0;
  }

  /// By layer, what has tokens of a sequence see each other; layers of a kind share one.
  LayerBlock[] mixers(
      StepState step,
      List<SliceWeights.Layer> layers,
      List<RopeTable> ropes,
      EngineSettings settings) {
    LayerBlock attention = new AttentionBlock(step, layers, pages, ropes, settings);
    LayerBlock deltaNet =
        cuts.net().exists()
            ? new DeltaNetBlock(step, layers, states, cuts, settings.maxBatchTokens())
            : attention;
    return layers.stream()
        .map(of -> of.mixer() instanceof SliceWeights.Attention ? attention : deltaNet)
        .toArray(LayerBlock[]::new);
  }
}
