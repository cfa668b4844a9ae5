package dllama.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.tensor.KernelCode.Method;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every kernel is small enough for the compiler, at every vector width, whatever processor runs
/// this: a kernel that was right, and quick at 256 bit, was boxed at 512, which nobody had.
///
/// While C2 reads one method it inlines no more methods of ours when its graph has had 18,000 nodes
/// (`NodeCountInliningCutoff`; `-XX:+UnlockDiagnosticVMOptions -XX:+PrintInlining` prints that name
/// where it happens), and the vectors that such a method takes or gives are boxed. What the Vector
/// API inlines into itself it still gets, later, so direct calls may follow. How many nodes a call
/// makes is in [NodeCosts]; on the machine where that was measured, the sums of this test are
/// within 3 % of what the compiler says of `addFour`, `widen`, `scoresOfFour` and
/// the product of Q8_0 of that day, and up to 18 % above for those with an exponential.
class NodeBudgetTest {
  /// 18,000, less what the estimate may be wrong by.
  private static final int INLINED = 17_000;

  /// Of all, those that come late too: `Q4_0Decode.quads`, by far the longest, has 62,000 by this
  /// count and is not boxed; nothing longer was tried.
  private static final int ALL = 68_000;

  private static final Method BOXED = new Method("BoxedPrefill", "eightSums", "(JJJ[II[SI)V");

  private final KernelCode code;

  NodeBudgetTest() throws IOException {
    code = KernelCode.read(BoxedPrefill.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {128, 256, 512})
  void shouldFitTheCompiler(int bits) throws Exception {
    try (var width = new WidthCode(code, bits)) {
      Set<Method> roots = used(width);
      assertTrue(roots.size() > 20, "only " + roots);
      List<String> tooLarge = new ArrayList<>();
      for (Method root : sorted(roots)) {
        NodeCount count = new NodeCount(code, width, root);
        String line =
            "%d bit: %s %d of %d nodes, %d of %d with what is inlined late"
                .formatted(bits, root, count.nodesAtLastHelper(), INLINED, count.nodes(), ALL);
        if (!fits(count)) {
          tooLarge.add(line);
        }
      }
      assertEquals(List.of(), tooLarge);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {128, 256, 512})
  void shouldFindAFormThatWasBoxed(int bits) throws Exception {
    try (var width = new WidthCode(code, bits)) {
      NodeCount count = new NodeCount(code, width, BOXED);
      assertTrue(count.nodesAtLastHelper() > 18_000, "nodes=" + count.nodesAtLastHelper());
      assertTrue(!fits(count));
    }
  }

  @Test
  void shouldLeaveBranchesOfOtherWidthsOut() throws Exception {
    Set<String> narrow = names(256);
    Set<String> wide = names(512);
    assertTrue(narrow.contains("Q4_0PrefillFour.sums") && wide.contains("Q4_0PrefillFour.sums"));
    assertTrue(!narrow.contains("Q4_0PrefillEight.sums") && wide.contains("Q4_0PrefillEight.sums"));
  }

  /// What jvm.options does not name is inlined or not as it happens, and counts elsewhere then.
  @Test
  void shouldBeKeptApartOrInlinedByName() throws Exception {
    Set<Method> known = new HashSet<>();
    try (var width = new WidthCode(code, 512)) {
      code.methods()
          .filter(code::isRoot)
          .forEach(
              root -> {
                known.add(root);
                known.addAll(new NodeCount(code, width, root).inlined());
              });
    }
    List<Method> unknown =
        sorted(
            code.methods()
                .filter(code::callsVectors)
                .filter(m -> !known.contains(m) && !m.type().equals(BOXED.type())));
    assertEquals(List.of(), unknown, "neither dontinline in jvm.options nor part of such");
    List<Method> mayBeCalled =
        sorted(
            code.methods()
                .filter(Method::passesVectors)
                .filter(m -> !code.isInlined(m) && !m.type().equals(BOXED.type())));
    assertEquals(List.of(), mayBeCalled, "not inline in jvm.options, but passes vectors");
  }

  /// Kernels are compiled after few calls while callers wait; a class that is not named for that
  /// would be compiled late, in a queue behind Akka's.
  @Test
  void shouldBeCompiledFirst() throws Exception {
    Set<String> kernels = KernelCode.classes("dontinline");
    assertTrue(kernels.contains("Q4_0Decode") && kernels.contains("VectorAttention"));
    for (String command : List.of("CompileThresholdScaling", "BackgroundCompilation")) {
      Set<String> named = KernelCode.classes(command);
      assertEquals(Set.of(), missing(kernels, named), command + " in jvm.options");
    }
  }

  private static Set<String> missing(Set<String> all, Set<String> there) {
    Set<String> missing = new HashSet<>(all);
    missing.removeAll(there);
    return missing;
  }

  private static boolean fits(NodeCount count) {
    return count.nodesAtLastHelper() <= INLINED && count.nodes() <= ALL;
  }

  private Set<String> names(int bits) throws Exception {
    try (var width = new WidthCode(code, bits)) {
      Set<String> names = new HashSet<>();
      used(width).forEach(root -> names.add(root.toString()));
      return names;
    }
  }

  /// The kernels that [VectorKernels], and the products of all types, come to at this width.
  private Set<Method> used(WidthCode width) {
    Set<Method> seen = new HashSet<>();
    Set<String> types =
        DType.all().stream()
            .flatMap(type -> Stream.of(type.decodeProducts(), type.prefillProducts()))
            .flatMap(List::stream)
            .map(product -> product.getClass().getSimpleName())
            .collect(Collectors.toSet());
    types.add("VectorKernels");
    code.methods()
        .filter(method -> types.contains(method.type()))
        .forEach(method -> visit(method, width, seen));
    seen.removeIf(method -> !code.isRoot(method));
    return seen;
  }

  private void visit(Method method, WidthCode width, Set<Method> seen) {
    if (code.find(method).isPresent() && seen.add(method)) {
      width.calledHere(method).forEach(callee -> visit(callee, width, seen));
    }
  }

  private static List<Method> sorted(Set<Method> methods) {
    return sorted(methods.stream());
  }

  private static List<Method> sorted(Stream<Method> methods) {
    return methods
        .sorted(Comparator.comparing(Method::toString))
        .collect(Collectors.toCollection(ArrayList::new));
  }
}
