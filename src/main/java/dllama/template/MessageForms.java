package dllama.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Forms of the same messages, as clients send them and templates want them.
final class MessageForms {
  /// Sets of repairs, as bits, small ones first.
  static final List<Integer> BY_SIZE = List.of(0, 1, 2, 4, 3, 5, 6, 7);

  private final Function<String, @Nullable Object> json;
  private final boolean parts;

  /// @param json reads JSON, null for what is none
  /// @param parts whether content is to be given in parts
  MessageForms(Function<String, @Nullable Object> json, boolean parts) {
    this.json = json;
    this.parts = parts;
  }

  List<UnaryOperator<Map<String, @Nullable Object>>> repairs() {
    return List.of(MessageForms::textArguments, MessageForms::withoutNull, this::systemInUser);
  }

  /// As most templates want it: arguments of calls as objects, no content as an empty one, parts
  /// that are text as one text.
  Map<String, @Nullable Object> usual(Map<String, ? extends @Nullable Object> input) {
    return eachMessage(
        new LinkedHashMap<>(input),
        message -> {
          if (message.containsKey("content")) {
            message.put("content", content(message.get("content")));
          }
          return eachCall(message, this::objectArguments);
        });
  }

  private @Nullable Object content(@Nullable Object given) {
    Object text = given == null ? "" : joined(given);
    if (parts && text instanceof String plain) {
      return List.of(Map.of("type", "text", "text", plain));
    }
    return text;
  }

  /// Parts that are all text as one; anything else as it is.
  private static Object joined(Object given) {
    if (!(given instanceof List<?> list)) {
      return given;
    }
    StringBuilder text = new StringBuilder();
    for (Object part : list) {
      if (!(part instanceof Map<?, ?> map)
          || !"text".equals(map.get("type"))
          || !(map.get("text") instanceof String piece)) {
        return given;
      }
      text.append(piece);
    }
    return text.toString();
  }

  private Object objectArguments(Object arguments) {
    Object read = arguments instanceof String text ? json.apply(text) : null;
    return read instanceof Map ? read : arguments;
  }

  /// The arguments of calls as the text that they were: for templates that join texts.
  private static Map<String, @Nullable Object> textArguments(Map<String, @Nullable Object> input) {
    return eachMessage(
        input,
        message ->
            eachCall(message, arguments -> arguments instanceof Map ? text(arguments) : arguments));
  }

  private static String text(Object arguments) {
    Template template = Template.parse("{{ value|tojson }}");
    return template.render(Map.of("value", arguments), Limits.DEFAULT, java.time.Clock.systemUTC());
  }

  private static Map<String, @Nullable Object> withoutNull(Map<String, @Nullable Object> input) {
    Map<String, @Nullable Object> given = new LinkedHashMap<>(input);
    given.values().removeIf(Objects::isNull);
    return given;
  }

  /// The system message in front of the first user's text: some templates know no such role.
  private Map<String, @Nullable Object> systemInUser(Map<String, @Nullable Object> input) {
    if (!(input.get("messages") instanceof List<?> list)
        || list.size() < 2
        || !(list.get(0) instanceof Map<?, ?> system)
        || !(list.get(1) instanceof Map<?, ?> user)
        || !"system".equals(system.get("role"))
        || !"user".equals(user.get("role"))
        || !(joined(orEmpty(system.get("content"))) instanceof String rules)
        || !(joined(orEmpty(user.get("content"))) instanceof String question)) {
      return input;
    }
    Map<Object, @Nullable Object> both = new LinkedHashMap<>(user);
    both.put("content", content(rules + "\n\n" + question));
    List<@Nullable Object> messages = new ArrayList<>(list.subList(1, list.size()));
    messages.set(0, both);
    Map<String, @Nullable Object> changed = new LinkedHashMap<>(input);
    changed.put("messages", messages);
    return changed;
  }

  private static Object orEmpty(@Nullable Object content) {
    return content == null ? "" : content;
  }

  private static Map<String, @Nullable Object> eachMessage(
      Map<String, @Nullable Object> input, UnaryOperator<Map<Object, @Nullable Object>> change) {
    if (!(input.get("messages") instanceof List<?> list)) {
      return input;
    }
    List<@Nullable Object> messages = new ArrayList<>();
    for (Object message : list) {
      messages.add(
          message instanceof Map<?, ?> map ? change.apply(new LinkedHashMap<>(map)) : message);
    }
    Map<String, @Nullable Object> changed = new LinkedHashMap<>(input);
    changed.put("messages", messages);
    return changed;
  }

  /// With other arguments in each of a message's `tool_calls`.
  private static Map<Object, @Nullable Object> eachCall(
      Map<Object, @Nullable Object> message, UnaryOperator<Object> change) {
    if (!(message.get("tool_calls") instanceof List<?> list)) {
      return message;
    }
    List<@Nullable Object> calls = new ArrayList<>();
    for (Object call : list) {
      calls.add(call instanceof Map<?, ?> map ? call(map, change) : call);
    }
    message.put("tool_calls", calls);
    return message;
  }

  private static Map<Object, @Nullable Object> call(Map<?, ?> given, UnaryOperator<Object> change) {
    Map<Object, @Nullable Object> call = new LinkedHashMap<>(given);
    if (call.get("function") instanceof Map<?, ?> function) {
      Map<Object, @Nullable Object> changed = new LinkedHashMap<>(function);
      changed.computeIfPresent("arguments", (_, arguments) -> change.apply(arguments));
      call.put("function", changed);
    }
    return call;
  }
}
