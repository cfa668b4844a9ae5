package dllama.session;

import dllama.cluster.membership.RootListener;

/// What a front end is told of its root, besides what becomes of the cluster. Called from any
/// thread; must return quickly.
public interface SessionListener extends RootListener {
  /// A model file is read as a whole, as is done once: so many bytes of `total`. Called often, by
  /// several threads.
  void reading(String name, long bytes, long total);

  /// Workers can join at `address`.
  ///
  /// @param open whether computers other than this one reach it
  void listening(String address, boolean open);

  /// The root ends as was wanted: what is told from here on is no news.
  void closing();
}
