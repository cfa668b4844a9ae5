package dllama.generation;

import org.jspecify.annotations.Nullable;

/// A place for the state of a sequence ([dllama.step.RunState]) that is in use: by leases, that go
/// on from what stands there or have it written, and by a block, that keeps it for texts that begin
/// alike. Owned by [KvStates].
final class KvState {
  final int place;

  /// Leases that need what stands here.
  int holders;

  /// Whose text it is the state of, up to `length`; null while nobody can find it.
  @Nullable KvBlock block;

  /// Tokens before it, from the beginning of the text.
  int length;

  /// When it was let go of last, on the table's clock.
  long used;

  KvState(int place) {
    this.place = place;
  }
}
