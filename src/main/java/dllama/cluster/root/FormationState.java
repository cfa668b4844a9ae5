package dllama.cluster.root;

import java.util.Set;
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

  /// Ranks are being loaded, those in `unready` still; `anew` if they take the place of a world
  /// that was ready.
  record Loading(World world, Set<Integer> unready, long since, boolean anew)
      implements FormationState {}

  /// Steps can be done.
  record Ready(World world) implements FormationState {}
}
