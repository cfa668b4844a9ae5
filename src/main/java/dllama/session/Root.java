package dllama.session;

import dllama.cluster.root.NodesHere;
import dllama.generation.Recovery;
import dllama.step.ForwardPass;
import dllama.tensor.KernelReport;
import java.time.Duration;
import java.util.OptionalInt;

/// A root and its nodes, as front ends see them. Any thread.
public interface Root extends AutoCloseable {
  /// The forward pass of all nodes together, the same for as long as the root is open.
  ForwardPass forwardPass();

  /// Waits until steps can run, without limit where a person watches. The nodes stay the same
  /// until everybody who has called this has called [#release], too, unless one is lost.
  ///
  /// @throws dllama.step.ForwardException if the nodes did not come in time
  /// @throws InterruptedException if the thread was interrupted, as Ctrl-C in a chat does
  Ready awaitReady() throws InterruptedException;

  /// The same, with another limit.
  ///
  /// @param most time without enough nodes; loading takes as long as it takes
  Ready awaitReady(Duration most) throws InterruptedException;

  /// Has answers go on when nodes are lost: waits for others as long as [#awaitReady] does. For
  /// whoever has a claim.
  Recovery recovery();

  /// One who waited is answered, or waits no more, however that ended. When all are, nobody is
  /// answered until the next [#awaitReady]: other nodes may compute by then.
  void release();

  /// Which nodes there are.
  ///
  /// @param wanted nodes wanted from now on, 0 for as many as there are; empty to change nothing
  /// @throws dllama.error.UserException if so many can not be
  NodesHere nodes(OptionalInt wanted) throws InterruptedException;

  /// What this node computes with.
  KernelReport kernels();

  /// The same when that is decided; waits for it, but not for long.
  KernelReport awaitKernels() throws InterruptedException;

  /// Waits until steps are as quick as they will be, or the time for that is over: for measuring.
  void awaitRehearsed() throws InterruptedException;

  @Override
  void close();

  /// A world that can compute.
  ///
  /// @param nodes ranks of the world, the root included
  /// @param loadMillis from its forming until all had their weights
  record Ready(int nodes, long loadMillis) {}
}
