package dllama.template;

/// What has a value.
interface Expression {
  /// Called through [Context#eval], which watches the depth.
  Object value(Context context);
}
