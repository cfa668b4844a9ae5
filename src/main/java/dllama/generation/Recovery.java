package dllama.generation;

import dllama.step.ForwardException;
import java.time.Duration;

/// What becomes of answers when the nodes that compute them are lost: whoever waits here for others
/// has each of them go on where it stopped.
@FunctionalInterface
public interface Recovery {
  /// They end with what was lost. For measuring: figures of other nodes are not what is asked for.
  Recovery NONE =
      (lost, _) -> {
        throw lost;
      };

  /// Waits for nodes that can do steps.
  ///
  /// @param lost what was told of those that did them
  /// @param most to wait now; longer waits are several calls
  /// @return whether there are such nodes
  /// @throws ForwardException if nobody waits any longer: the answers end with it
  boolean await(ForwardException lost, Duration most) throws InterruptedException;
}
