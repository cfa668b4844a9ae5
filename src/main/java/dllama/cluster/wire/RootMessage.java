package dllama.cluster.wire;

/// What the root's coordinator is told: by membership about nodes, by ranks about their slices and
/// steps. What comes over the network is a [ControlMessage] or a [TensorFrame].
public sealed interface RootMessage
    permits RootMessage.Coming,
        RootMessage.Joined,
        RootMessage.Gone,
        RootMessage.Measured,
        RootMessage.Figures,
        RootMessage.SliceWanted,
        RootMessage.Fetched,
        RootMessage.Loading,
        RootMessage.ShardReady,
        RootMessage.ShardRefused,
        RootMessage.ShardFailed,
        RootMessage.Stepped,
        RootMessage.Strayed,
        TensorFrame.Logits,
        RootMessage.Internal {
  /// A worker is on its way.
  record Coming(String address) implements RootMessage {}

  /// A worker can be used from now on.
  record Joined(Node worker) implements RootMessage {}

  /// A worker left, was lost or was removed; `why` completes "the worker at … ".
  record Gone(String address, String why) implements RootMessage {}

  /// A node was measured: bytes of weights that it reads per second for a token.
  ///
  /// @param key the [Secret] of that node and its root
  record Measured(long key, long speed) implements RootMessage, ControlMessage {
    public Measured {
      Checks.range("speed", speed, 1, Long.MAX_VALUE);
    }
  }

  /// What a worker that can be used tells of itself.
  ///
  /// @param roundTripNanos to it and back; negative while that is not known
  record Figures(String address, NodeFigures figures, RankWaits waits, long roundTripNanos)
      implements RootMessage {}

  /// What a node was told to fetch is in its cache folder, or can not be kept there.
  ///
  /// @param epoch of the order
  record Fetched(long epoch, int rank, boolean kept) implements RootMessage, ControlMessage {}

  /// A rank has memory for its slice and holds none; or there is room in a cache folder for one
  /// that is to be fetched.
  record SliceWanted(long epoch, int rank) implements RootMessage, ControlMessage {}

  /// Bytes of a rank's slice that are in place.
  record Loading(long epoch, int rank, long bytes, long total)
      implements RootMessage, ControlMessage {
    public Loading {
      Checks.range("total", total, 1, Long.MAX_VALUE);
      Checks.range("bytes", bytes, 0, total);
    }
  }

  /// A rank can compute.
  record ShardReady(long epoch, int rank, SliceOrigin origin)
      implements RootMessage, ControlMessage {
    public ShardReady {
      Checks.present(origin, "origin");
    }
  }

  /// A rank can not be what it was assigned; `why` completes "the worker at … ".
  record ShardRefused(long epoch, int rank, String why) implements RootMessage, ControlMessage {
    public ShardRefused {
      why = Checks.line("why", why);
    }
  }

  /// The world can not go on because of `rank`; `why` completes "the worker at … ".
  record ShardFailed(long epoch, int rank, String why) implements RootMessage, ControlMessage {
    public ShardFailed {
      why = Checks.line("why", why);
    }
  }

  /// A rank has computed a step, of whose logits nothing is wanted; rank 0 always says so.
  record Stepped(long epoch, int rank, long step, long waitedNanos)
      implements RootMessage, ControlMessage {
    public Stepped {
      Checks.range("waitedNanos", waitedNanos, 0, Long.MAX_VALUE);
    }
  }

  /// From this node's own rank: a step has come to what is no number, see
  /// [NotFinite][dllama.model.NotFinite].
  ///
  /// @param sender the rank that sent it; −1 if that is not known
  record Strayed(long epoch, long step, String where, int sender) implements RootMessage {}

  /// What the room of its receiver says to itself; its kinds are known there alone.
  non-sealed interface Internal extends RootMessage {}
}
