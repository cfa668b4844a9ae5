package dllama.cli;

import java.util.List;

/// What the user of a chat is told of its model.
///
/// @param weights their types
/// @param contextLength tokens, here
/// @param nodes that compute; 0: not known
/// @param place where they are; empty: here
record ModelFacts(
    String name, String architecture, String weights, int contextLength, int nodes, String place) {

  /// The same with another number of nodes.
  ModelFacts with(int otherNodes) {
    return new ModelFacts(name, architecture, weights, contextLength, otherNodes, place);
  }

  /// In one line.
  String line() {
    return "%s: %s, %s weights, context of %d tokens, %s%s"
        .formatted(name, architecture, weights, contextLength, count(), at());
  }

  /// A line for each.
  List<String> lines() {
    return List.of(
        "model         " + name,
        "architecture  " + architecture,
        "weights       " + weights,
        "context       %d tokens".formatted(contextLength),
        "computed by   " + count() + at());
  }

  private String count() {
    return switch (nodes) {
      case 0 -> "an unknown number of nodes";
      case 1 -> "1 node";
      default -> nodes + " nodes";
    };
  }

  private String at() {
    return place.isEmpty() ? "" : " at " + place;
  }
}
