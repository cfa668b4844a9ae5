package dllama.template;

/// What is done: text, an output, a tag with what it encloses.
interface Statement {
  /// Line of the template in which it begins, from 1.
  int line();

  /// Called through [Context#run], which watches the depth.
  Flow run(Context context);
}
