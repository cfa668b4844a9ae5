package dllama.reply;

import java.util.List;
import java.util.Set;

/// Calls as Python writes them, in a list: `[weather(city="Bern", days=3), add()]`; LFM2.
///
/// JSON objects are understood as well: calls that are forced are written so, because only their
/// arguments can be held to a schema.
///
/// @param close after the list
record PythonSyntax(String opening, String close) implements ToolSyntax {
  @Override
  public List<String> openings() {
    return List.of(opening);
  }

  @Override
  public CallReader reader(String openedBy, List<Tool> tools) {
    return new EitherReader('{', json().reader(opening, tools), new PythonCallReader(close));
  }

  private JsonSyntax json() {
    return JsonSyntax.objects(opening, close);
  }

  @Override
  public CallForm form() {
    return json().form();
  }

  @Override
  public Set<String> markers() {
    return Set.of(opening, close);
  }
}
