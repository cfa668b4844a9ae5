package dllama.reply;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Calls as a name, a separator and arguments in JSON. White space between these does not matter.
///
/// @param opening of all calls, or of each where `begin` is empty
/// @param begin of each call, may be empty
/// @param beforeArguments ends the name
/// @param after what follows the arguments, one after the other
/// @param end of all calls; where it is empty they end with a call
/// @param cut the name ends where this stands in it; empty where it is whole
record NamedSyntax(
    String opening,
    String begin,
    String beforeArguments,
    List<String> after,
    String end,
    String cut)
    implements ToolSyntax {
  /// Of names with a prefix that says that they are functions.
  static final String FUNCTIONS = "functions.";

  @Override
  public List<String> openings() {
    return List.of(opening);
  }

  @Override
  public CallReader reader(String openedBy, List<Tool> tools) {
    return new NamedCallReader(this);
  }

  /// The name of a tool in what stands in its place.
  String name(String text) {
    int to = cut.isEmpty() ? -1 : text.indexOf(cut);
    String name = (to < 0 ? text : text.substring(0, to)).strip();
    return cut.equals(":") && name.startsWith(FUNCTIONS)
        ? name.substring(FUNCTIONS.length())
        : name;
  }

  @Override
  public CallForm form() {
    boolean json = beforeArguments.startsWith("`");
    String before = begin.isEmpty() ? opening : begin;
    return new CallForm(
        begin.isEmpty() ? "" : opening,
        before + (cut.equals(":") ? FUNCTIONS : ""),
        (cut.equals(":") ? ":0" : "") + (json ? "\n" + beforeArguments + "\n" : beforeArguments),
        false,
        (json ? "\n" : "") + String.join("", after),
        begin.isEmpty() ? "" : json ? "\n" : "",
        end);
  }

  @Override
  public Set<String> markers() {
    Set<String> markers = new TreeSet<>(after);
    markers.addAll(List.of(opening, beforeArguments, end, cut));
    markers.add(begin);
    return markers;
  }
}
