package dllama.tensor;

import dllama.tensor.KernelCode.Method;
import java.lang.classfile.instruction.InvokeInstruction;
import java.util.HashSet;
import java.util.Set;

/// How large the graph of one compiled kernel gets, estimated by going through its code as C2 does:
/// in order, into each method of ours that is not kept apart, each loop once.
final class NodeCount {
  private static final int DEPTH = 9;

  private final KernelCode code;
  private final WidthCode width;
  private final Set<Method> inlined = new HashSet<>();
  private int nodes;
  private int nodesAtLastHelper;

  /// Counts the method and all that is inlined into it.
  NodeCount(KernelCode code, WidthCode width, Method root) {
    this.code = code;
    this.width = width;
    count(root, 0);
  }

  /// Of everything.
  int nodes() {
    return nodes;
  }

  /// How many there were when the last method of ours was inlined that has to do with vectors.
  int nodesAtLastHelper() {
    return nodesAtLastHelper;
  }

  /// Methods of ours that are part of this.
  Set<Method> inlined() {
    return inlined;
  }

  private void count(Method method, int depth) {
    for (InvokeInstruction call : width.calls(method)) {
      Method callee = WidthCode.own(call).orElse(null);
      if (callee == null) {
        nodes += NodeCosts.of(call);
      } else if (depth == DEPTH || code.isRoot(callee) || code.find(callee).isEmpty()) {
        nodes += NodeCosts.CALL;
      } else {
        if (code.callsVectors(callee)) {
          nodesAtLastHelper = nodes;
        }
        inlined.add(callee);
        nodes += NodeCosts.PROLOGUE;
        count(callee, depth + 1);
      }
    }
  }
}
