package dllama.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.cluster.root.NodeState;
import dllama.cluster.root.NodesHere;
import dllama.cluster.wire.NodeFigures;
import dllama.error.UserException;
import dllama.files.ByteSize;
import dllama.session.Root;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// Figures of nodes in the chat's `/stats`: a line for each, if there is more than one, and
/// one that names who makes the others wait.
final class NodeLines {
  private NodeLines() {}

  /// What is known of one; figures that are not are negative or empty.
  private record Node(
      String name,
      long memory,
      long available,
      double load,
      OptionalDouble roundTripMs,
      OptionalDouble waitShare,
      boolean slowest) {
    /// Empty if nothing is known.
    Optional<String> line() {
      List<String> parts = new ArrayList<>();
      if (memory >= 0) {
        parts.add("%s of %s free".formatted(ByteSize.text(available), ByteSize.text(memory)));
      }
      if (load >= 0) {
        parts.add("load %.1f".formatted(load));
      }
      roundTripMs.ifPresent(ms -> parts.add("round trip %.2f ms".formatted(ms)));
      waitShare.ifPresent(
          share -> parts.add("others wait for it %.0f %% of the time".formatted(100 * share)));
      return parts.isEmpty()
          ? Optional.empty()
          : Optional.of(name + ": " + String.join(", ", parts));
    }
  }

  /// Those of a root; none if it does not answer in time.
  static List<String> of(Root root) {
    try {
      return of(root.nodes(OptionalInt.empty()));
    } catch (UserException e) {
      return List.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  static List<String> of(NodesHere here) {
    List<String> addresses = new ArrayList<>(here.computing());
    addresses.addAll(here.others());
    return lines(addresses.stream().map(address -> node(here, address)).toList());
  }

  private static Node node(NodesHere here, String address) {
    NodeState state = here.state(address);
    NodeFigures figures = state == null ? NodeFigures.NONE : state.figures();
    return new Node(
        here.role(address).equals("root") ? "this root" : address,
        figures.memoryTotal(),
        figures.memoryAvailable(),
        figures.load(),
        state == null ? OptionalDouble.empty() : state.roundTripMs(),
        state == null ? OptionalDouble.empty() : state.waitShare(),
        here.slowest().filter(address::equals).isPresent());
  }

  /// Those of a root elsewhere.
  ///
  /// @param nodes as `GET /cluster` has them
  static List<String> of(JsonNode nodes) {
    List<Node> all = new ArrayList<>();
    for (JsonNode node : nodes) {
      all.add(
          new Node(
              node.path("role").asText().equals("root")
                  ? "the root"
                  : node.path("address").asText(),
              node.path("memoryTotal").asLong(NodeFigures.UNKNOWN),
              node.path("memoryAvailable").asLong(NodeFigures.UNKNOWN),
              node.path("load").asDouble(NodeFigures.UNKNOWN),
              number(node.path("roundTripMs")),
              number(node.path("waitShare")),
              node.path("slowest").asBoolean()));
    }
    return lines(all);
  }

  private static OptionalDouble number(JsonNode value) {
    return value.isNumber() ? OptionalDouble.of(value.asDouble()) : OptionalDouble.empty();
  }

  private static List<String> lines(List<Node> nodes) {
    if (nodes.size() < 2) {
      return List.of();
    }
    List<String> lines = new ArrayList<>();
    nodes.forEach(node -> node.line().ifPresent(lines::add));
    nodes.stream()
        .filter(Node::slowest)
        .forEach(
            node ->
                lines.add(
                    "%s makes the others wait, %.0f %% of the time"
                        .formatted(node.name(), 100 * node.waitShare().orElse(0))));
    return lines;
  }
}
