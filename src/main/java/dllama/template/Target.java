package dllama.template;

import java.util.List;

/// What a value is assigned to.
sealed interface Target {
  void assign(Object value, Context context);

  record Name(String name) implements Target {
    @Override
    public void assign(Object value, Context context) {
      context.scope().set(name, value);
    }
  }

  record Attribute(String namespace, String name) implements Target {
    @Override
    public void assign(Object value, Context context) {
      if (!(context.scope().get(namespace) instanceof Namespace found)) {
        throw new TemplateException(
            "cannot assign attribute '%s': '%s' is no namespace".formatted(name, namespace));
      }
      found.values.put(name, value);
    }
  }

  record Several(List<Target> targets) implements Target {
    @Override
    public void assign(Object value, Context context) {
      List<Object> items = Iteration.all(value, context);
      if (items.size() != targets.size()) {
        throw new TemplateException(
            "%d values can not be assigned to %d names".formatted(items.size(), targets.size()));
      }
      for (int i = 0; i < items.size(); i++) {
        targets.get(i).assign(items.get(i), context);
      }
    }
  }
}
