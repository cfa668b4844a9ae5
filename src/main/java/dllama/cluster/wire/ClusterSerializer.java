package dllama.cluster.wire;

import akka.actor.ExtendedActorSystem;
import akka.cluster.protobuf.ClusterMessageSerializer;
import akka.cluster.protobuf.msg.ClusterMessages;
import akka.serialization.SerializerWithStringManifest;
import dllama.cluster.port.Refusals;
import dllama.cluster.port.Serializers;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.NotSerializableException;
import java.util.Set;
import java.util.zip.GZIPInputStream;

/// Messages of Akka's cluster to bytes and back: Akka's serializer, without the orders that an
/// operator may give any member, to leave or to take another one out: here nodes give them only to
/// themselves. And nothing is unpacked that would fill the memory.
///
/// Created by Akka.
public final class ClusterSerializer extends SerializerWithStringManifest {
  private static final String WELCOME = ClusterMessageSerializer.WelcomeManifest();
  private static final String GOSSIP = ClusterMessageSerializer.GossipEnvelopeManifest();

  /// Joining, gossip and heartbeats, each by Akka's short name.
  private static final Set<String> ALLOWED =
      Set.of(
          ClusterMessageSerializer.JoinManifest(),
          WELCOME,
          ClusterMessageSerializer.InitJoinManifest(),
          ClusterMessageSerializer.InitJoinAckManifest(),
          ClusterMessageSerializer.InitJoinNackManifest(),
          ClusterMessageSerializer.HeartbeatManifest(),
          ClusterMessageSerializer.HeartbeatRspManifest(),
          ClusterMessageSerializer.ExitingConfirmedManifest(),
          ClusterMessageSerializer.GossipStatusManifest(),
          GOSSIP);

  /// What a gossip about the largest cluster takes, many times over.
  private static final int MOST_BYTES = 8 << 20;

  private final ClusterMessageSerializer akka;

  public ClusterSerializer(ExtendedActorSystem system) {
    akka = new ClusterMessageSerializer(system);
  }

  @Override
  public int identifier() {
    return Serializers.CLUSTER;
  }

  @Override
  public String manifest(Object message) {
    return akka.manifest(message);
  }

  @Override
  public byte[] toBinary(Object message) {
    return akka.toBinary(message);
  }

  @Override
  public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
    if (!ALLOWED.contains(manifest)) {
      throw refused("gave an order that no node gives", manifest);
    }
    try {
      if (manifest.equals(WELCOME)) {
        checkSize(bytes);
      } else if (manifest.equals(GOSSIP)) {
        checkSize(
            ClusterMessages.GossipEnvelope.parseFrom(bytes).getSerializedGossip().toByteArray());
      }
      return akka.fromBinary(bytes, manifest);
    } catch (Exception senseless) {
      throw refused("sent a message of the cluster that makes no sense", manifest);
    }
  }

  private static void checkSize(byte[] packed) throws IOException {
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      long bytes = 0;
      for (long skipped = 1; skipped > 0 && bytes <= MOST_BYTES; bytes += skipped) {
        skipped = in.skip(MOST_BYTES);
      }
      if (bytes > MOST_BYTES) {
        throw new IOException("unpacks to more than " + MOST_BYTES);
      }
    }
  }

  private static NotSerializableException refused(String why, String manifest) {
    String what = Checks.line("manifest", manifest);
    Refusals.ofProcess().refused("somebody", "%s (%s)".formatted(why, what));
    return new NotSerializableException(why);
  }
}
