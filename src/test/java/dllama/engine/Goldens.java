package dllama.engine;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.format.dllama.DllamaFile;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.slice.ShardPlan;
import dllama.step.ForwardPass;
import dllama.step.OneSequence;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/// Runs the models of the conformance cases and measures how far their logits are from recorded
/// ones.
public final class Goldens {
  /// Runs with F32 weights and F32 exchange.
  public static final List<String> F32_CASES =
      List.of(
          "llama_gqa_f32",
          "llama31_rope_f32",
          "llama_odd_f32",
          "qwen3_f32",
          "old_llama_fixedhdr_f32",
          "mixtral_f32",
          "grok1_f32");

  /// Runs with Q4_0 weights and Q8_0 exchange.
  public static final List<String> Q4_0_CASES =
      List.of(
          "llama_gqa_q40",
          "llama31_rope_q40",
          "llama_odd_q40",
          "qwen3_q40",
          "qwen3moe_q40",
          "mixtral_q40",
          "grok1_q40");

  private Goldens() {}

  public static Architecture architecture(String caseName) {
    try (var file = DllamaFile.open(Conformance.file(caseName, "model.m"))) {
      return file.spec().architecture();
    }
  }

  /// A case's model as a forward pass over `nodes` ranks in this process. Close it before the file.
  public static LocalForwardPass forwardPass(
      DllamaFile file, int nodes, DType exchange, int maxBatchTokens, WorkerPool pool) {
    var spec = file.spec();
    return new LocalForwardPass(
        new ModelSource.Weights(spec, file.weights()),
        new ShardPlan(spec, exchange, nodes),
        new EngineSettings(DType.F32, spec.contextLength(), maxBatchTokens),
        Kernels.choose(true),
        pool);
  }

  public static DType exchange(JsonNode golden) {
    return DType.named(golden.get("buffer_float_type").asText());
  }

  /// What the recorded runs were fed: the prompt and its continuation, as far as the context goes.
  public static int[] forcedTokens(JsonNode prompt) {
    int[] tokens = Conformance.ints(prompt.get("prompt_tokens"));
    int[] generated = Conformance.ints(prompt.get("generated"));
    int rows = prompt.get("margin").size();
    int[] all = Arrays.copyOf(tokens, rows);
    System.arraycopy(generated, 0, all, tokens.length, rows - tokens.length);
    return all;
  }

  /// What the reference was fed where no program ran.
  static int[] referenceTokens(JsonNode prompt) {
    int[] tokens = Conformance.ints(prompt.get("prompt_tokens"));
    int[] generated = Conformance.ints(prompt.get("generated"));
    return IntStream.concat(IntStream.of(tokens), IntStream.of(generated)).toArray();
  }

  /// The node counts that a case was recorded with, ascending.
  public static List<Integer> recordedWorldSizes(JsonNode golden) {
    Set<Integer> sizes = new TreeSet<>();
    golden.at("/prompts/0/runs").forEach(run -> sizes.add(run.get("nodes").asInt()));
    return List.copyOf(sizes);
  }

  /// The prompts that were recorded with this node count.
  public static List<JsonNode> promptsOn(JsonNode golden, int nodes) {
    List<JsonNode> prompts = new ArrayList<>();
    for (JsonNode prompt : golden.get("prompts")) {
      if (prompt.findValuesAsText("nodes").contains(String.valueOf(nodes))) {
        prompts.add(prompt);
      }
    }
    return prompts;
  }

  /// Adds how far logits after [#forcedTokens] are from the largest ones of every recorded run of a
  /// prompt on that many nodes, by "nodes build".
  public static void compareTop(
      JsonNode prompt, int nodes, float[][] ours, Map<String, LogitsDifference> differences) {
    for (JsonNode run : prompt.get("runs")) {
      if (run.get("nodes").asInt() == nodes) {
        String name = "nodes %d %s".formatted(nodes, run.get("build").asText());
        differences.computeIfAbsent(name, _ -> new LogitsDifference()).addTop(ours, run.get("top"));
      }
    }
  }

  /// Logits after every token, fed one at a time from position 0.
  public static float[][] logits(ForwardPass forwardPass, int[] tokens) {
    float[][] rows = new float[tokens.length][];
    for (int position = 0; position < tokens.length; position++) {
      int[] one = {tokens[position]};
      rows[position] = new OneSequence(forwardPass).logits(one, position);
    }
    return rows;
  }

  static int argmax(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }

  /// The prompt in batches, then greedy decoding.
  static int[] greedy(ForwardPass forwardPass, int[] prompt, int count) {
    int[] generated = new int[count];
    int[] next = prompt;
    int position = 0;
    for (int i = 0; i < count; i++) {
      float[] logits = {};
      for (int from = 0; from < next.length; from += forwardPass.maxBatchTokens()) {
        int to = Math.min(next.length, from + forwardPass.maxBatchTokens());
        int[] tokens = Arrays.copyOfRange(next, from, to);
        logits = new OneSequence(forwardPass).logits(tokens, position);
        position += tokens.length;
      }
      generated[i] = argmax(logits);
      next = new int[] {generated[i]};
    }
    return generated;
  }
}
