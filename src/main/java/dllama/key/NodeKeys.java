package dllama.key;

import dllama.error.UserException;
import java.net.InetAddress;
import java.util.Optional;

/// What a node shows others at its port, and asks of them.
///
/// @param source of the cluster key; empty: this node has none
/// @param alsoOnLoopback whether the key is used where only this machine's programs can come, too
/// @param fresh the key, if it was made just now, so that no other node has it yet, and may be
///     shown
/// @param insecure whether the node may do without where others can come
public record NodeKeys(
    Optional<KeySource> source,
    boolean alsoOnLoopback,
    Optional<ClusterKey> fresh,
    boolean insecure) {
  /// Nobody but this machine's programs can come.
  public static NodeKeys none() {
    return new NodeKeys(Optional.empty(), false, Optional.empty(), false);
  }

  /// These where the key is used on loopback, too.
  public static NodeKeys of(KeySource source) {
    return new NodeKeys(Optional.of(source), true, Optional.empty(), false);
  }

  /// The keys of a node at an address; empty: whatever it says and hears there is plain.
  ///
  /// @throws UserException if others can come there, and nothing would tell them from strangers
  public Optional<KeySource> at(InetAddress host) {
    if (insecure || (host.isLoopbackAddress() && !alsoOnLoopback)) {
      return Optional.empty();
    }
    if (source.isEmpty()) {
      throw new UserException(
          "other computers reach %s, so this node needs the cluster key: --join CODE, once, as the root shows it (there: cluster-key), or --cluster-key FILE; --insecure does without"
              .formatted(host.getHostAddress()));
    }
    return source;
  }
}
