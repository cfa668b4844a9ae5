package dllama.tensor;

import dllama.tensor.KernelCode.Method;
import java.io.IOException;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LookupSwitchInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.classfile.instruction.TableSwitchInstruction;
import java.lang.classfile.instruction.ThrowInstruction;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// What of the kernels is compiled where vectors have a given width: constants that depend on it
/// have their values, and code behind branches that these decide does not count.
///
/// The constants are those of the product's own classes, loaded once more with that width, which
/// needs no such processor.
final class WidthCode implements AutoCloseable {
  private static final String WIDTH = "dllama.vector.bits";

  private final KernelCode code;
  private final URLClassLoader classes;

  WidthCode(KernelCode code, int bits) throws IOException, ReflectiveOperationException {
    this.code = code;
    URL[] product = {KernelCode.folder(Kernels.class).toUri().toURL()};
    classes = new URLClassLoader(product, ClassLoader.getPlatformClassLoader());
    String before = System.getProperty(WIDTH);
    System.setProperty(WIDTH, String.valueOf(bits));
    try {
      Class.forName(Vectors.class.getName(), true, classes);
    } finally {
      if (before == null) {
        System.clearProperty(WIDTH);
      } else {
        System.setProperty(WIDTH, before);
      }
    }
  }

  @Override
  public void close() throws IOException {
    classes.close();
  }

  /// The calls that a method may come to, in the order of its code, each once: loops are as they
  /// are written.
  List<InvokeInstruction> calls(Method method) {
    List<CodeElement> elements =
        code.find(method).flatMap(MethodModel::code).orElseThrow().elementList();
    BitSet reached = new BitSet();
    Deque<Integer> next = new ArrayDeque<>(List.of(0));
    while (!next.isEmpty()) {
      for (int at = next.pop(); at < elements.size() && !reached.get(at); at++) {
        reached.set(at);
        if (!follow(elements, at, next)) {
          break;
        }
      }
    }
    return reached.stream()
        .mapToObj(elements::get)
        .filter(InvokeInstruction.class::isInstance)
        .map(InvokeInstruction.class::cast)
        .toList();
  }

  /// Methods of this package that a method may call.
  Stream<Method> calledHere(Method method) {
    return calls(method).stream().flatMap(call -> own(call).stream());
  }

  /// The method of this package that is called, if it is one.
  static Optional<Method> own(InvokeInstruction call) {
    String type = call.owner().asInternalName();
    return type.startsWith(KernelCode.PACKAGE)
        ? Optional.of(
            new Method(
                type.substring(KernelCode.PACKAGE.length()),
                call.name().stringValue(),
                call.type().stringValue()))
        : Optional.empty();
  }

  /// Adds where else an instruction leads to; returns whether the next one may follow.
  private boolean follow(List<CodeElement> elements, int at, Deque<Integer> next) {
    switch (elements.get(at)) {
      case BranchInstruction branch -> {
        boolean always = branch.opcode() == Opcode.GOTO || branch.opcode() == Opcode.GOTO_W;
        Boolean taken = always ? Boolean.TRUE : decided(branch.opcode(), elements, at);
        if (taken == null || taken) {
          next.push(indexOf(elements, branch.target()));
        }
        return taken == null || !taken;
      }
      case TableSwitchInstruction table -> {
        push(elements, table.cases(), table.defaultTarget(), next);
        return false;
      }
      case LookupSwitchInstruction lookup -> {
        push(elements, lookup.cases(), lookup.defaultTarget(), next);
        return false;
      }
      case ReturnInstruction _, ThrowInstruction _ -> {
        return false;
      }
      default -> {
        return true;
      }
    }
  }

  private static void push(
      List<CodeElement> elements, List<SwitchCase> cases, Label other, Deque<Integer> next) {
    cases.forEach(one -> next.push(indexOf(elements, one.target())));
    next.push(indexOf(elements, other));
  }

  private static int indexOf(List<CodeElement> elements, Label label) {
    for (int i = 0; i < elements.size(); i++) {
      if (elements.get(i) instanceof LabelTarget target && target.label().equals(label)) {
        return i;
      }
    }
    throw new IllegalStateException("no " + label);
  }

  /// Whether the branch is taken; null where constants do not say it.
  private Boolean decided(Opcode opcode, List<CodeElement> elements, int at) {
    int right = before(elements, at);
    OptionalLong b = right < 0 ? OptionalLong.empty() : constant(elements.get(right));
    if (b.isEmpty()) {
      return null;
    }
    Boolean alone = compare(opcode, b.getAsLong(), 0);
    if (alone != null) {
      return alone;
    }
    int left = before(elements, right);
    OptionalLong a = left < 0 ? OptionalLong.empty() : constant(elements.get(left));
    return a.isEmpty() ? null : comparePair(opcode, a.getAsLong(), b.getAsLong());
  }

  /// The instruction before, if no jump leads in between.
  private static int before(List<CodeElement> elements, int at) {
    for (int i = at - 1; i >= 0; i--) {
      if (elements.get(i) instanceof Instruction) {
        return i;
      }
      if (elements.get(i) instanceof LabelTarget) {
        return -1;
      }
    }
    return -1;
  }

  private static Boolean compare(Opcode opcode, long a, long b) {
    return switch (opcode) {
      case IFEQ -> a == b;
      case IFNE -> a != b;
      case IFLT -> a < b;
      case IFGE -> a >= b;
      case IFGT -> a > b;
      case IFLE -> a <= b;
      default -> null;
    };
  }

  private static Boolean comparePair(Opcode opcode, long a, long b) {
    return switch (opcode) {
      case IF_ICMPEQ -> a == b;
      case IF_ICMPNE -> a != b;
      case IF_ICMPLT -> a < b;
      case IF_ICMPGE -> a >= b;
      case IF_ICMPGT -> a > b;
      case IF_ICMPLE -> a <= b;
      default -> null;
    };
  }

  private OptionalLong constant(CodeElement element) {
    return switch (element) {
      case ConstantInstruction constant when constant.constantValue() instanceof Integer value ->
          OptionalLong.of(value);
      case FieldInstruction field
          when field.opcode() == Opcode.GETSTATIC
              && field.owner().asInternalName().startsWith(KernelCode.PACKAGE) ->
          value(field);
      default -> OptionalLong.empty();
    };
  }

  private OptionalLong value(FieldInstruction instruction) {
    try {
      String owner = instruction.owner().asInternalName().replace('/', '.');
      Field field = field(Class.forName(owner, true, classes), instruction.name().stringValue());
      field.setAccessible(true);
      boolean constant =
          Modifier.isStatic(field.getModifiers()) && Modifier.isFinal(field.getModifiers());
      return !constant
          ? OptionalLong.empty()
          : switch (field.get(null)) {
            case Integer value -> OptionalLong.of(value);
            case Boolean value -> OptionalLong.of(value ? 1 : 0);
            default -> OptionalLong.empty();
          };
    } catch (ClassNotFoundException e) {
      return OptionalLong.empty(); // a class of the tests
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Of a class or of what it extends, whose names code uses as its own.
  private static Field field(Class<?> type, String name) throws NoSuchFieldException {
    try {
      return type.getDeclaredField(name);
    } catch (NoSuchFieldException e) {
      if (type.getSuperclass() == null) {
        throw e;
      }
      return field(type.getSuperclass(), name);
    }
  }
}
