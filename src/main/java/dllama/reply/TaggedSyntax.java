package dllama.reply;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Calls with their arguments in tags, one for each, whose values are no JSON unless the tool's
/// schema says what they are.
///
/// JSON, as [JsonSyntax] has it, is understood as well between `opening` and `end`: calls that are
/// forced are written so, because only their arguments can be held to a schema.
///
/// @param begin of a call, up to its name; empty where the name follows `opening`
/// @param afterName characters that end a name; `<` is not read with it
/// @param beforeKey begin of an argument, up to its name
/// @param afterKey what ends an argument's name
/// @param beforeValue what stands between that and the value, may be empty
/// @param afterValue what ends a value
/// @param after a call, may be empty
/// @param end of all calls
record TaggedSyntax(
    String opening,
    String begin,
    String afterName,
    String beforeKey,
    String afterKey,
    String beforeValue,
    String afterValue,
    String after,
    String end)
    implements ToolSyntax {
  @Override
  public List<String> openings() {
    // Some models leave out what is around the first call.
    List<String> openings = new ArrayList<>(List.of(opening));
    if (begin.equals("<function=")) {
      openings.add(begin);
    }
    return openings;
  }

  @Override
  public CallReader reader(String openedBy, List<Tool> tools) {
    TaggedCallReader tagged = new TaggedCallReader(this, openedBy.equals(begin), tools);
    return openedBy.equals(begin)
        ? tagged
        : new EitherReader('{', json().reader(opening, tools), tagged);
  }

  private JsonSyntax json() {
    return JsonSyntax.objects(opening, end);
  }

  @Override
  public CallForm form() {
    return json().form();
  }

  @Override
  public Set<String> markers() {
    return Set.copyOf(
        new TreeSet<>(
            List.of(opening, begin, beforeKey, afterKey, beforeValue, afterValue, after, end)));
  }
}
