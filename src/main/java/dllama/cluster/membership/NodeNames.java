package dllama.cluster.membership;

import akka.actor.Address;
import dllama.cluster.wire.Checks;

/// What nodes are called: their roles in the Akka cluster, the paths that other nodes rely on, and
/// their addresses.
public final class NodeNames {
  /// Role of the root.
  public static final String ROOT = "root";

  /// Role of workers.
  public static final String WORKER = "worker";

  /// The root's side of membership, below its coordinator.
  public static final String MEMBERS = "members";

  /// Path of that below `/user`.
  static final String MEMBERS_PATH = ROOT + "/" + MEMBERS;

  private NodeNames() {}

  /// `host:port` of a node.
  public static String address(Address address) {
    String text = "%s:%d".formatted(address.getHost().orElse("?"), address.getPort().orElse(0));
    return Checks.line("address", text); // peers say what they are called
  }
}
