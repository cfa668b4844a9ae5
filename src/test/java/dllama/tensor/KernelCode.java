package dllama.tensor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The compiled methods of this package, with what jvm.options tells the compiler about them.
final class KernelCode {
  static final String PACKAGE = "dllama/tensor/";

  /// A method, named as in bytecode, but for its class, which is without package.
  record Method(String type, String name, String descriptor) {
    /// Whether vectors go in or come out, which are boxed where it is not inlined.
    boolean passesVectors() {
      return descriptor.contains("Ljdk/incubator/vector/");
    }

    boolean isInitializer() {
      return name.startsWith("<");
    }

    @Override
    public String toString() {
      return type + "." + name;
    }
  }

  private static final Path OPTIONS = Path.of("src/main/resources/dllama/jvm.options");
  private static final Pattern COMMAND =
      Pattern.compile(
          "-XX:CompileCommand=(dontinline|inline),dllama\\.tensor\\.(\\w+)::(\\w+|\\*)");

  private static final Pattern VECTOR = Pattern.compile("jdk/incubator/vector/\\w*Vector");

  private record Command(boolean inline, Predicate<Method> names) {}

  private final Map<Method, MethodModel> methods = new HashMap<>();
  private final List<Command> commands;

  private KernelCode(List<Command> commands) {
    this.commands = commands;
  }

  /// All classes of the product's package, and those of the tests that are named.
  static KernelCode read(Class<?>... more) throws IOException {
    KernelCode code;
    try (Stream<String> lines = Files.lines(OPTIONS)) {
      code = new KernelCode(lines.flatMap(KernelCode::command).toList());
    }
    try (Stream<Path> files = Files.list(folder(Kernels.class).resolve(PACKAGE))) {
      files.filter(file -> file.toString().endsWith(".class")).forEach(code::add);
    }
    for (Class<?> type : more) {
      code.add(folder(type).resolve(type.getName().replace('.', '/') + ".class"));
    }
    return code;
  }

  /// The classes of the product's package that jvm.options has such a compile command for.
  static Set<String> classes(String command) throws IOException {
    Pattern line = Pattern.compile("CompileCommand=" + command + ",dllama\\.tensor\\.(\\w+)::");
    return line.matcher(Files.readString(OPTIONS))
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.toSet());
  }

  /// The folder of class files that a class comes from.
  static Path folder(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Stream<Command> command(String line) {
    return COMMAND
        .matcher(line)
        .results()
        .map(
            found ->
                new Command(
                    found.group(1).equals("inline"),
                    method ->
                        method.type.equals(found.group(2))
                            && (found.group(3).equals("*") || method.name.equals(found.group(3)))));
  }

  private void add(Path file) {
    try {
      ClassModel type = ClassFile.of().parse(file);
      String name = type.thisClass().asInternalName().substring(PACKAGE.length());
      for (MethodModel method : type.methods()) {
        methods.put(
            new Method(name, method.methodName().stringValue(), method.methodType().stringValue()),
            method);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Stream<Method> methods() {
    return methods.keySet().stream().filter(method -> !method.isInitializer());
  }

  /// Its bytecode; empty where it has none, or is not of this package.
  Optional<MethodModel> find(Method method) {
    return Optional.ofNullable(methods.get(method)).filter(model -> model.code().isPresent());
  }

  /// Whether it passes vectors or computes with them itself.
  boolean callsVectors(Method method) {
    return method.passesVectors()
        || find(method).flatMap(MethodModel::code).stream()
            .flatMap(CodeModel::elementStream)
            .anyMatch(
                element ->
                    element instanceof InvokeInstruction call
                        && VECTOR.matcher(call.owner().asInternalName()).matches());
  }

  /// Whether the compiler must keep this apart from its callers.
  boolean isRoot(Method method) {
    return told(method, false);
  }

  /// Whether the compiler must inline this wherever it can.
  boolean isInlined(Method method) {
    return told(method, true);
  }

  private boolean told(Method method, boolean inline) {
    return commands.stream()
        .anyMatch(command -> command.inline == inline && command.names.test(method));
  }
}
