package dllama.cli;

import dllama.cluster.root.NodesHere;
import dllama.error.UserException;
import dllama.session.Root;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// The chat's command `/nodes`: shows which nodes there are, and has another number of them wanted.
final class NodesCommand {
  private static final String AUTO = "auto";

  private NodesCommand() {}

  /// Whether `text` is what the command takes.
  static boolean isNumber(String text) {
    return text.matches(AUTO + "|[1-9]\\d{0,3}");
  }

  /// Does what the command asks for.
  ///
  /// @param wanted a number or `auto`; empty to change nothing
  /// @return lines for the user
  static List<String> run(Root root, Optional<String> wanted) {
    try {
      return lines(root.nodes(wanted.map(NodesCommand::number).orElse(OptionalInt.empty())));
    } catch (UserException refusal) {
      return List.of(String.valueOf(refusal.getMessage()));
    } catch (InterruptedException e) {
      return List.of();
    }
  }

  private static OptionalInt number(String text) {
    return OptionalInt.of(text.equals(AUTO) ? 0 : Integer.parseInt(text));
  }

  private static List<String> lines(NodesHere nodes) {
    List<String> lines = new ArrayList<>();
    List<String> computing = nodes.computing();
    if (computing.isEmpty()) {
      lines.add("no node computes now: " + nodes.waiting());
    } else {
      lines.add(
          "%d %s: this root%s"
              .formatted(
                  computing.size(),
                  computing.size() == 1 ? "node computes" : "nodes compute",
                  workers(computing.subList(1, computing.size()))));
    }
    lines.add(
        "others that are here: "
            + (nodes.others().isEmpty() ? "none" : String.join(", ", nodes.others())));
    lines.add("nodes wanted: " + wanted(nodes));
    return lines;
  }

  private static String workers(List<String> addresses) {
    return addresses.isEmpty() ? "" : " and " + String.join(", ", addresses);
  }

  private static String wanted(NodesHere nodes) {
    if (nodes.wanted() == 0) {
      return AUTO;
    }
    int missing = nodes.wanted() - nodes.count();
    return missing <= 0
        ? String.valueOf(nodes.wanted())
        : "%d, of which %d %s not here yet"
            .formatted(nodes.wanted(), missing, missing == 1 ? "is" : "are");
  }
}
