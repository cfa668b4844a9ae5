package dllama.template;

import java.util.function.Supplier;

/// What is not there: empty where it is printed or iterated, an error where more is asked of it.
final class Undefined {
  private final Supplier<String> reason;

  Undefined(Supplier<String> reason) {
    this.reason = reason;
  }

  static Undefined name(String name) {
    return new Undefined(() -> "'" + name + "' is undefined");
  }

  static Undefined attribute(Object owner, String name) {
    return new Undefined(
        () -> "'%s object' has no attribute '%s'".formatted(Types.name(owner), name));
  }

  static Undefined element(Object owner, Object key) {
    return new Undefined(
        () ->
            key instanceof String name
                ? "'%s object' has no attribute '%s'".formatted(Types.name(owner), name)
                : "%s object has no element %s".formatted(Types.name(owner), Types.shown(key)));
  }

  /// What changes lists and mappings is refused: they are the caller's.
  static Undefined unsafe(Object owner, String name) {
    return new Undefined(
        () -> "access to '%s' of a %s is not allowed".formatted(name, Types.name(owner)));
  }

  TemplateException failure() {
    return new TemplateException(reason.get());
  }
}
