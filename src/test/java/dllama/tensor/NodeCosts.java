package dllama.tensor;

import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.util.Map;
import java.util.stream.Collectors;

/// How many nodes of its graph C2 makes of one call, with all that it inlines into it.
///
/// Measured with JDK 25.0.1 on a Zen 5 (AVX-512), all kernels at 512, 256 and 128 bit, by
/// `-XX:+UnlockDiagnosticVMOptions -XX:+LogCompilation`: the log says with each `<parse_done` how
/// many nodes there are, and the difference to the one before is a call's. The same call costs the
/// same within some percent, at every width and for every type of lanes, because nodes stand for
/// vectors and not for lanes; here is the median. A call that is not here fails the
/// test, and must be measured in the same way.
final class NodeCosts {
  /// A call of ours that is not inlined, or of the JDK's plain arithmetic.
  static final int CALL = 60;

  /// What goes into an inlined method beside its calls: its arguments, arithmetic, branches.
  static final int PROLOGUE = 20;

  /// Vector API, by method and simple types of arguments.
  private static final Map<String, Integer> VECTORS =
      Map.ofEntries(
          Map.entry("broadcast(VectorSpecies,float)", 150),
          Map.entry("broadcast(VectorSpecies,int)", 134),
          Map.entry("broadcast(VectorSpecies,long)", 204),
          Map.entry("zero(VectorSpecies)", 180),
          Map.entry("fromArray", 320),
          Map.entry("intoArray", 219),
          Map.entry("fromMemorySegment", 580),
          Map.entry("intoMemorySegment", 445),
          Map.entry("add(Vector)", 435),
          Map.entry("sub(Vector)", 420),
          Map.entry("mul(Vector)", 415),
          Map.entry("div(Vector)", 477),
          Map.entry("max(Vector)", 450),
          Map.entry("and(Vector)", 420),
          Map.entry("or(Vector)", 410),
          Map.entry("add(int)", 694),
          Map.entry("sub(int)", 690),
          Map.entry("mul(int)", 680),
          Map.entry("and(int)", 687),
          Map.entry("add(float)", 615),
          Map.entry("sub(float)", 618),
          Map.entry("mul(float)", 624),
          Map.entry("max(float)", 645),
          Map.entry("min(float)", 621),
          Map.entry("fma(Vector,Vector)", 458),
          Map.entry("neg()", 418),
          Map.entry("abs()", 352),
          Map.entry("lanewise(Binary,Vector)", 435), // what add(Vector) calls, so no more than that
          Map.entry("lanewise(Binary,int)", 366),
          Map.entry("lanewise(Binary,long)", 412),
          Map.entry("convertShape", 420),
          Map.entry("reinterpretAsInts()", 407),
          Map.entry("reinterpretAsShorts()", 380),
          Map.entry("reinterpretAsFloats()", 390),
          Map.entry("reduceLanes(Associative)", 245),
          Map.entry("rearrange(VectorShuffle)", 167));

  /// Access through a memory segment, and what else there is of it.
  private static final Map<String, Integer> SEGMENTS =
      Map.of("get", 640, "set", 800, "address", 80, "fill", 500, "copy", 900, "byteSize", 120);

  private NodeCosts() {}

  /// @throws AssertionError for a call of the Vector API or of a segment that is not measured
  static int of(InvokeInstruction call) {
    String type = call.owner().asInternalName();
    String name = call.name().stringValue();
    String arguments =
        call.typeSymbol().parameterList().stream()
            .map(ClassDesc::displayName)
            .map(simple -> simple.substring(simple.lastIndexOf('$') + 1))
            .collect(Collectors.joining(",", "(", ")"));
    if (type.startsWith("jdk/incubator/vector/")) {
      Integer cost = VECTORS.getOrDefault(name + arguments, VECTORS.get(name));
      return measured(cost, type, name + arguments);
    }
    if (type.equals("java/lang/foreign/MemorySegment")) {
      return measured(SEGMENTS.get(name), type, name);
    }
    // Arrays.fill and ThreadLocal.get take 200 to 350, arithmetic is a node.
    return type.equals("java/lang/Math") ? CALL : 350;
  }

  private static int measured(Integer cost, String type, String call) {
    if (cost == null) {
      throw new AssertionError("nobody has measured what C2 makes of " + type + "." + call);
    }
    return cost;
  }
}
