package dllama.cluster.port;

/// The serializers, by Akka's numbers, whose messages nodes send each other. Whatever another one
/// would make of bytes from the network, a string or an order to stop an actor, reaches nobody.
public final class Serializers {
  /// Akka's cluster: joining, gossip, heartbeats.
  public static final int CLUSTER = 5;

  /// What is sent to an actor by its path: all that Akka's cluster sends.
  public static final int SELECTION = 6;

  /// Artery's own: handshakes, compression of names, the end of an actor system.
  public static final int ARTERY = 17;

  /// Control messages: Jackson CBOR.
  public static final int CONTROL = 33;

  /// Tensor frames.
  public static final int TENSOR_FRAME = 77_001;

  private Serializers() {}

  static boolean isAllowed(int identifier) {
    return switch (identifier) {
      case CLUSTER, SELECTION, ARTERY, CONTROL, TENSOR_FRAME -> true;
      default -> false;
    };
  }
}
