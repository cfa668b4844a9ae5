package dllama.template;

/// A value that can be called: a macro, a function, a method of a value.
@FunctionalInterface
interface Callable {
  Object call(Arguments arguments, Context context);
}
