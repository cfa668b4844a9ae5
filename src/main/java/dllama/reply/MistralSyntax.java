package dllama.reply;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Calls of Mistral's models: older ones write `[TOOL_CALLS][{…}, …]`, newer ones
/// `[TOOL_CALLS]name[ARGS]{…}` for each call. Both are understood.
///
/// @param newer which one the model is taught
record MistralSyntax(boolean newer) implements ToolSyntax {
  static final String OPENING = "[TOOL_CALLS]";
  static final String ARGUMENTS = "[ARGS]";

  private static final JsonSyntax LIST = JsonSyntax.list(OPENING, "");
  private static final NamedSyntax NAMED =
      new NamedSyntax(OPENING, "", ARGUMENTS, List.of(), "", "[CALL_ID]");

  @Override
  public List<String> openings() {
    return List.of(OPENING);
  }

  @Override
  public CallReader reader(String opening, List<Tool> tools) {
    return new EitherReader('[', LIST.reader(opening, tools), NAMED.reader(opening, tools));
  }

  @Override
  public CallForm form() {
    return newer ? NAMED.form() : LIST.form();
  }

  @Override
  public Set<String> markers() {
    Set<String> markers = new TreeSet<>(LIST.markers());
    markers.addAll(NAMED.markers());
    return markers;
  }
}
