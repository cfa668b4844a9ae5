package dllama.reply;

import java.util.List;
import java.util.Set;

/// Calls as a name and its arguments in braces, whose names have no quotes, and whose texts have a
/// marker in their place: `call:weather{city:<|"|>Bern<|"|>,days:3}`; Gemma 4.
///
/// JSON objects are understood as well: calls that are forced are written so, because only their
/// arguments can be held to a schema.
///
/// @param opening of a call
/// @param head in front of its name
/// @param quote around texts
/// @param close after a call
record BracesSyntax(String opening, String head, String quote, String close) implements ToolSyntax {
  @Override
  public List<String> openings() {
    return List.of(opening);
  }

  @Override
  public CallReader reader(String openedBy, List<Tool> tools) {
    return new EitherReader('{', json().reader(opening, tools), new BracesCallReader(this));
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
    return Set.of(opening, quote, close);
  }
}
