package dllama.template;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a function is called with.
record Arguments(List<Object> positional, Map<String, Object> named) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  /// Values in the order of parameters, null for those not given.
  ///
  /// @param required how many of the first must be given
  @Nullable Object[] bind(String function, int required, String... parameters) {
    if (positional.size() > parameters.length) {
      throw new TemplateException(
          "%s() takes at most %d arguments (%d given)"
              .formatted(function, parameters.length, positional.size()));
    }
    @Nullable Object[] bound = positional.toArray(new @Nullable Object[parameters.length]);
    int taken = 0;
    for (int i = 0; i < parameters.length; i++) {
      Object value = named.get(parameters[i]);
      if (value != null) {
        taken++;
        if (i < positional.size()) {
          throw new TemplateException(
              "%s() got multiple values for argument '%s'".formatted(function, parameters[i]));
        }
        bound[i] = value;
      }
      if (i < required && bound[i] == null) {
        throw new TemplateException(
            "%s() misses its argument '%s'".formatted(function, parameters[i]));
      }
    }
    if (taken < named.size()) {
      throw unexpected(function, parameters);
    }
    return bound;
  }

  private TemplateException unexpected(String function, String... parameters) {
    List<String> known = List.of(parameters);
    String name = named.keySet().stream().filter(n -> !known.contains(n)).findFirst().orElse("");
    return new TemplateException(
        "%s() got an unexpected keyword argument '%s'".formatted(function, name));
  }

  /// The positional argument at an index; fails where there is none.
  Object get(int index, String function) {
    if (index >= positional.size()) {
      throw new TemplateException("%s() misses an argument".formatted(function));
    }
    return positional.get(index);
  }

  /// Without the first positional ones.
  Arguments from(int index) {
    return new Arguments(
        positional.subList(Math.min(index, positional.size()), positional.size()), named);
  }
}
