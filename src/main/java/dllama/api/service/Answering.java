package dllama.api.service;

import dllama.generation.Generation;

/// An answer under way. Any thread.
public final class Answering {
  private final Generation generation;

  Answering(Generation generation) {
    this.generation = generation;
  }

  /// Ends it as it is, within one step; what it held is free then.
  public void cancel() {
    generation.cancel();
  }

  /// Waits for its last event.
  public void await() {
    generation.join();
  }
}
