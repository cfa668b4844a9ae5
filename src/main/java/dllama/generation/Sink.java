package dllama.generation;

/// Takes the events of a generation, on the thread of the [Scheduler], which serves others, too: it
/// must not wait for anybody.
@FunctionalInterface
public interface Sink {
  /// Returns false to end the generation, which then finishes as cancelled; ignored for an ending.
  boolean accept(GenerationEvent event);
}
