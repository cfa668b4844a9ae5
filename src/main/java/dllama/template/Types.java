package dllama.template;

import java.math.BigInteger;
import java.util.List;

/// What a value is called in messages, and what is true of it.
final class Types {
  private Types() {}

  /// The name of its type, as Python has it.
  static String name(Object value) {
    return switch (value) {
      case None _ -> "NoneType";
      case Boolean _ -> "bool";
      case Long _, BigInteger _ -> "int";
      case Double _ -> "float";
      case String _ -> "str";
      case Markup _ -> "Markup";
      case Sequence sequence -> sequence.kind.type;
      case Dict _ -> "dict";
      case Undefined _ -> "Undefined";
      case Generator _ -> "generator";
      case Namespace _ -> "Namespace";
      case Macro _ -> "Macro";
      case Loop _ -> "LoopContext";
      default -> "callable";
    };
  }

  /// A value in a message.
  static String shown(Object value) {
    return switch (value) {
      case Long _, BigInteger _, Double _ -> value.toString();
      case String text -> "'" + text + "'";
      default -> "of type " + name(value);
    };
  }

  static boolean truth(Object value) {
    return switch (value) {
      case None _, Undefined _ -> false;
      case Boolean b -> b;
      case Long number -> number != 0;
      case BigInteger number -> number.signum() != 0;
      case Double number -> number != 0;
      case String text -> !text.isEmpty();
      case Markup(String text) -> !text.isEmpty();
      case Sequence sequence -> sequence.size() > 0;
      case Dict dict -> dict.size() > 0;
      default -> true;
    };
  }

  /// Lists within lists, one more than in any of the elements.
  static int depthAround(List<Object> elements) {
    int depth = 0;
    for (Object element : elements) {
      int inner =
          switch (element) {
            case Sequence sequence -> sequence.depth;
            case Dict dict -> dict.depth();
            default -> 0;
          };
      depth = Math.max(depth, inner);
    }
    if (depth >= Limits.VALUE_DEPTH) {
      throw new TemplateException(
          "lists and mappings are nested more than %d deep".formatted(Limits.VALUE_DEPTH));
    }
    return depth + 1;
  }

  /// Code points.
  static int length(String text) {
    return text.codePointCount(0, text.length());
  }
}
