package dllama.template;

/// A filter: `input|name(arguments)`.
@FunctionalInterface
interface Filter {
  Object apply(Object input, Arguments arguments, Context context);
}
