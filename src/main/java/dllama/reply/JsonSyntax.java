package dllama.reply;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Calls as JSON objects that hold name and arguments, one by one or in a list.
///
/// @param openings empty where the whole answer is calls
/// @param close after the calls of an opening, empty where there is none
/// @param shape of what is between
/// @param nameKey and `argumentsKey` as the model is taught them; the usual others are understood
record JsonSyntax(
    List<String> openings, String close, Shape shape, String nameKey, String argumentsKey)
    implements ToolSyntax {
  enum Shape {
    /// One object, or several.
    OBJECTS,
    /// `[{"name": …, "arguments": …}]`
    LIST,
    /// `[{"the name": {the arguments}}]`
    LIST_BY_NAME
  }

  static JsonSyntax objects(String opening, String close) {
    return new JsonSyntax(List.of(opening), close, Shape.OBJECTS, "name", "arguments");
  }

  static JsonSyntax list(String opening, String close) {
    return new JsonSyntax(List.of(opening), close, Shape.LIST, "name", "arguments");
  }

  /// The whole answer; Llama 3.1 and later.
  static JsonSyntax bare(String opening) {
    return new JsonSyntax(List.of(opening), "", Shape.OBJECTS, "name", "parameters");
  }

  @Override
  public boolean bare() {
    return shape == Shape.OBJECTS && close.isEmpty();
  }

  @Override
  public CallReader reader(String opening, List<Tool> tools) {
    return new JsonCallReader(close, shape, bare(), tools);
  }

  @Override
  public CallForm form() {
    String before = "{\"%s\": ".formatted(nameKey);
    String after = ", \"%s\": ".formatted(argumentsKey);
    return switch (shape) {
      case OBJECTS ->
          bare()
              ? new CallForm("", before, after, true, "}", "; ", "")
              : new CallForm(
                  "",
                  openings.getFirst() + "\n" + before,
                  after,
                  true,
                  "}\n" + close,
                  "\n",
                  "");
      case LIST ->
          new CallForm(openings.getFirst() + "[", before, after, true, "}", ", ", "]" + close);
      case LIST_BY_NAME ->
          new CallForm(openings.getFirst() + "[", "{", ": ", true, "}", ", ", "]" + close);
    };
  }

  @Override
  public Set<String> markers() {
    Set<String> markers = new TreeSet<>(openings);
    markers.add(close);
    return markers;
  }
}
