package dllama.cluster.port;

import java.nio.charset.StandardCharsets;
import java.util.Set;

/// What others speak than this port wants to hear, told by the first bytes, in words for who
/// reads what was refused.
final class Protocols {
  /// As many first bytes tell.
  static final int BYTES = 5;

  private static final int VERB = 4;
  private static final Set<String> HTTP = Set.of("GET ", "HEAD", "POST", "PUT ", "OPTI", "PRI ");
  private static final byte HANDSHAKE = 22;
  private static final byte MAJOR_VERSION = 3;

  private Protocols() {}

  /// The end of a sentence.
  ///
  /// @param first bytes, at least [#BYTES]
  static String objection(byte[] first) {
    String verb = new String(first, 0, VERB, StandardCharsets.ISO_8859_1);
    if (HTTP.contains(verb)) {
      return "speaks HTTP: this is the port between nodes";
    }
    if (verb.equals("AKKA")) {
      return "speaks without the cluster key (--insecure there?)";
    }
    if (first[0] == HANDSHAKE && first[1] == MAJOR_VERSION) {
      return "speaks TLS: it has a cluster key, and this node has none (--insecure here?)";
    }
    return "speaks another protocol";
  }
}
