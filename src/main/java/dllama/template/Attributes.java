package dllama.template;

import org.jspecify.annotations.Nullable;

/// A value with attributes.
interface Attributes {
  /// The attribute of a name, null where there is none.
  @Nullable Object attribute(String name, Context context);
}
