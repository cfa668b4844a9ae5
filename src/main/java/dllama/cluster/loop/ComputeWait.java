package dllama.cluster.loop;

import java.util.function.BooleanSupplier;

/// How a compute thread waits for what actors bring.
///
/// A step of the forward pass is `attach`, then any number of rounds "compute, tell the partial to
/// the peers, `await` theirs", then `detach`, all on one thread. The thread may stay attached from
/// one step to the next and wait for the next step with `await`, too: that saves a hand-over of
/// some 50 µs. At most one thread is attached at a time.
///
/// Between `attach` and `detach` the actors of the exchange dispatcher run on the waiting thread
/// (event loop) or on their own (fallback); callers must not rely on either. An actor never
/// computes: it stores what arrived, calls [#signal] and returns.
///
/// Do not interrupt an attached thread to stop it; make `arrived` true and call [#signal].
public interface ComputeWait {
  /// The current thread starts to compute; from now on it serves the exchange whenever it waits.
  ///
  /// @throws IllegalStateException if a thread is attached already
  void attach();

  /// Waits until `arrived`, and until what this thread has told to peers before the call is handed
  /// to the sockets (as far as they take it without blocking).
  ///
  /// @param arrived called often and on this thread only, must be cheap and must read what other
  ///     threads write safely (volatile or better); whoever makes it true calls [#signal] after it
  /// @param deadlineNanos on the clock of [System#nanoTime]; kept to about a millisecond
  /// @return whether `arrived` holds; false when the deadline has passed, the thread was
  ///     interrupted (its flag stays set) or the actor system was shut down
  /// @throws IllegalStateException if this thread is not attached, or is inside a task of the loop
  boolean await(BooleanSupplier arrived, long deadlineNanos);

  /// The current thread stops to compute.
  ///
  /// @throws IllegalStateException if this thread is not attached
  void detach();

  /// Whether a thread that waits may look for news for a while before it sleeps; at first it may.
  /// Where more threads compute than there are cores, one that spins keeps another from its work.
  /// Any thread.
  void allowSpin(boolean allowed);

  /// Something arrived: a waiting thread looks at its condition again. Any thread; cheap when
  /// nobody waits.
  void signal();
}
