package dllama.template;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// What a template mentions, collected while it is read: names, which tell macros whether they use
/// `caller` and the like, and filters and tests that do not exist. These are errors at once, but
/// within conditions only when they are used, as templates ask for what some engines have.
final class Mentions {
  private Set<String> names = new HashSet<>();
  private final Set<String> sought = new HashSet<>();
  private int conditions;
  private final List<TemplateException> missing = new ArrayList<>();

  void name(String name) {
    names.add(name);
  }

  /// A text that others are compared with or that is looked for in them, as far as can be told.
  void sought(Expression expression) {
    if (expression instanceof Expressions.Constant(String text) && !text.isEmpty()) {
      sought.add(text);
    }
  }

  Set<String> sought() {
    return sought;
  }

  /// Starts to collect names anew; returns those collected so far.
  Set<String> collect(Set<String> anew) {
    Set<String> before = names;
    names = anew;
    return before;
  }

  void enterCondition() {
    conditions++;
  }

  void leaveCondition() {
    conditions--;
  }

  /// A body of its own begins, or ends; returns the conditions around so far.
  int setConditions(int around) {
    int before = conditions;
    conditions = around;
    return before;
  }

  void lacks(TemplateException error) {
    if (conditions == 0) {
      missing.add(error);
    }
  }

  int missing() {
    return missing.size();
  }

  /// What was read behind the first `count` errors turns out to be conditional.
  void forget(int count) {
    missing.subList(count, missing.size()).clear();
  }

  void check() {
    if (!missing.isEmpty()) {
      throw missing.getFirst();
    }
  }
}
