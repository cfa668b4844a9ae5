package dllama.reply;

import dllama.reply.CallShape.Alternatives;
import dllama.reply.CallShape.Arguments;
import dllama.reply.CallShape.Literal;
import dllama.reply.CallShape.OneOrMore;
import dllama.reply.CallShape.Sequence;
import java.util.ArrayList;
import java.util.List;

/// The texts around calls whose arguments are JSON.
///
/// @param begin before the first call
/// @param beforeName and `afterName` around a call's name
/// @param quoted whether the name is a JSON text
/// @param after a call's arguments
/// @param between two calls
/// @param end behind the last call
public record CallForm(
    String begin,
    String beforeName,
    String afterName,
    boolean quoted,
    String after,
    String between,
    String end) {

  /// A call as a model writes it.
  ///
  /// @param arguments a JSON object
  public String text(String name, String arguments) {
    return begin + head(name) + arguments + after + end;
  }

  private String head(String name) {
    return beforeName + (quoted ? JsonStrings.quoted(name) : name) + afterName;
  }

  CallShape shape(List<Tool> tools, boolean parallel) {
    if (tools.isEmpty()) {
      throw new IllegalArgumentException("a call needs a tool");
    }
    List<CallShape> choices = new ArrayList<>();
    for (Tool tool : tools) {
      choices.add(
          new Sequence(
              List.of(
                  new Literal(head(tool.name())),
                  new Arguments(tool.parameters()),
                  new Literal(after))));
    }
    CallShape call = choices.size() == 1 ? choices.getFirst() : new Alternatives(choices);
    CallShape calls = parallel ? new OneOrMore(call, between) : call;
    return new Sequence(List.of(new Literal(begin), calls, new Literal(end)));
  }
}
