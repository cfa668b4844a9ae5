package dllama.session;

import dllama.cluster.membership.RootListener;
import dllama.key.ClusterKey;
import java.util.Optional;

/// What a front end is told of its root, besides what becomes of the cluster. Called from any
/// thread; must return quickly.
public interface SessionListener extends RootListener {
  /// A model file is read as a whole, as is done once: so many bytes of `total`. Called often, by
  /// several threads.
  void reading(String name, long bytes, long total);

  /// Workers can join at `address`.
  ///
  /// @param keyed whether they need the cluster key
  /// @param fresh the key, if it is new and may be shown
  void listening(String address, boolean keyed, Optional<ClusterKey> fresh);

  /// The root ends as was wanted: what is told from here on is no news.
  void closing();
}
