package dllama.template;

/// A test: `value is name(arguments)`.
@FunctionalInterface
interface Test {
  boolean holds(Object value, Arguments arguments, Context context);
}
