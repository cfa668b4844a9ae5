package dllama.cluster.membership;

import akka.cluster.Member;
import dllama.cluster.wire.Checks;
import java.util.Optional;

/// The rule that all nodes run the same jar: what they tell each other is not meant to be
/// understood by another version.
final class NodeVersion {
  private NodeVersion() {}

  /// Why two nodes can not work together, in one line; empty if they can.
  static Optional<String> objection(Member root, Member worker) {
    if (root.appVersion().equals(worker.appVersion())) {
      return Optional.empty();
    }
    return Optional.of(
        "the worker runs dllama-akka %s, the root %s: use the same jar on all nodes"
            .formatted(text(worker), text(root)));
  }

  private static String text(Member member) {
    return Checks.line("version", member.appVersion().toString());
  }
}
