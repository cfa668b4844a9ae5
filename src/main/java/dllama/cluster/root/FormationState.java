package dllama.cluster.root;

import org.jspecify.annotations.Nullable;

/// Where a world is in its life.
sealed interface FormationState {
  /// The nodes that belong together; null while there are none.
  @Nullable World world();

  /// There is no world; one is formed when the gate opens.
  record Gathering() implements FormationState {
    @Override
    public @Nullable World world() {
      return null;
    }
  }

  /// Ranks are being loaded.
  record Loading(WorldLoading loading) implements FormationState {
    @Override
    public World world() {
      return loading.world();
    }
  }

  /// Steps can be done.
  record Ready(World world) implements FormationState {}
}
