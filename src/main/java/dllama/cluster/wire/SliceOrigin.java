package dllama.cluster.wire;

/// Where the weights of a rank came from.
public enum SliceOrigin {
  /// They were in this process's memory still.
  MEMORY,

  /// From the cache folder of its machine.
  CACHE,

  /// Cut from the model file, made up, or sent by the root.
  MODEL
}
