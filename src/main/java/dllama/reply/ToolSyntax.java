package dllama.reply;

import java.util.List;
import java.util.Set;

/// How calls are written: one for each kind of form, with its markers as components.
interface ToolSyntax {
  /// Texts that calls begin with, wherever content may stand.
  List<String> openings();

  /// Whether an answer that begins with `{` may be calls, without an opening.
  default boolean bare() {
    return false;
  }

  /// Reads what follows an opening.
  ///
  /// @param opening empty for bare calls
  CallReader reader(String opening, List<Tool> tools);

  /// What the model is told to write, and forced to.
  CallForm form();

  /// All markers, openings and those inside. Control tokens whose names are in them belong to
  /// calls.
  Set<String> markers();
}
