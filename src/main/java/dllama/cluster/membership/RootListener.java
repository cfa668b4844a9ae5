package dllama.cluster.membership;

/// What the root tells its user while the cluster forms and loads. Called from cluster threads;
/// must return quickly.
public interface RootListener {
  /// The cluster waits for something; `what` is one line, such as "3 of 4 nodes; waiting for 1
  /// worker, or --nodes 2". Called when the line changes.
  void waiting(String what);

  /// The world is formed: `nodes` ranks; their slices are loaded next.
  void forming(int nodes);

  /// Something about the world that forms that changes what it answers. `what` is one line.
  default void notice(String what) {}

  /// Bytes of rank `rank`'s slice that have arrived; called often, also with `bytes == total`.
  void loading(int rank, String address, long bytes, long total);

  /// All ranks have their slices, `cached` of them from a cache folder; steps can run.
  void ready(int nodes, int cached, long loadMillis);

  /// The world does not rehearse, or no longer: steps are as quick as they can be, one was asked
  /// for, or the time for that is over. `why` is one line. May come before [#ready].
  default void rehearsed(String why) {}

  /// A worker was taken in, as part of a world or as a spare.
  void joined(String address);

  /// A worker was taken in with which a world of `possible` could take the place of the present
  /// one, of `nodes`; `soon` if it will, when nobody is answered.
  default void spare(String address, int nodes, int possible, boolean soon) {}

  /// A node makes the others wait, is left out for that, or tried again. `what` is one line.
  default void slow(String what) {}

  /// The world ends, and one of `nodes` ranks takes its place: [#forming] and [#ready] follow.
  default void changing(int nodes) {}

  /// A worker that was taken in is gone; `why` completes "the worker at … ".
  void left(String address, String why);

  /// A worker was not taken in; `why` is one line.
  void refused(String address, String why);

  /// Somebody who does not belong here was refused. `what` is one line; there are few.
  default void stranger(String what) {}

  /// This node was ended by an error, and the process should be. `why` is one line.
  void ended(String why);

  /// The world was lost; it forms again when nodes are back. `why` is one line.
  void lost(String why);
}
