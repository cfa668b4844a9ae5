package dllama.cluster.rank;

import dllama.cluster.wire.SliceOrigin;

/// What a worker tells its operator. Called from cluster threads; must return quickly.
public interface WorkerListener {
  /// Listens at `address`, looks for a root at `seeds`.
  void searching(String address, String seeds);

  /// The root at `address` has taken this node in.
  void joined(String address);

  /// Weights of this node's slice that have arrived; called often.
  void loading(int rank, int nodes, long bytes, long total);

  /// Computes as `rank` of `nodes` from now on, with weights from `origin`.
  void ready(int rank, int nodes, SliceOrigin origin);

  /// Has the slice of a rank in its cache folder now that it may become one day.
  default void keeps(int rank, int nodes) {}

  /// Computes no more, but still belongs to the root, which may form another world. `why` is one
  /// line.
  void idle(String why);

  /// Somebody who does not belong here was refused. `what` is one line; there are few.
  default void stranger(String what) {}

  /// The root was lost; the worker goes on looking for one. `why` is one line.
  void lost(String why);

  /// Tells nobody.
  static WorkerListener silent() {
    return new WorkerListener() {
      @Override
      public void searching(String address, String seeds) {}

      @Override
      public void joined(String address) {}

      @Override
      public void loading(int rank, int nodes, long bytes, long total) {}

      @Override
      public void ready(int rank, int nodes, SliceOrigin origin) {}

      @Override
      public void idle(String why) {}

      @Override
      public void lost(String why) {}
    };
  }
}
