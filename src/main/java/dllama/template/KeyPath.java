package dllama.template;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What filters call an attribute: `'a.b.0'`, an index, or nothing for the value itself.
record KeyPath(List<Object> keys) {
  static KeyPath of(@Nullable Object attribute) {
    if (attribute == null || attribute == None.NONE) {
      return new KeyPath(List.of());
    }
    if (!(attribute instanceof String path)) {
      return new KeyPath(List.of(attribute));
    }
    List<Object> keys = new ArrayList<>();
    for (String key : path.split("\\.", -1)) {
      boolean index =
          !key.isEmpty() && key.length() < 10 && key.chars().allMatch(Character::isDigit);
      keys.add(index ? (Object) Long.parseLong(key) : key);
    }
    return new KeyPath(keys);
  }

  Object get(Object value, Context context) {
    Object found = value;
    for (Object key : keys) {
      found = Access.item(found, key, context);
    }
    return found;
  }

  /// The same, but with what stands for undefined values.
  Object get(Object value, @Nullable Object fallback, Context context) {
    Object found = value;
    for (Object key : keys) {
      found = Access.item(found, key, context);
      if (found instanceof Undefined && fallback != null) {
        found = fallback;
      }
    }
    return found;
  }
}
