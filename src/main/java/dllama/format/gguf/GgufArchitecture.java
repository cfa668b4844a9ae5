package dllama.format.gguf;

import dllama.model.Architecture;
import dllama.model.ModelSpec.Activation;
import dllama.model.TensorRole;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Which architecture a GGUF file has.
///
/// The names of llama.cpp are families: a `llama` may have experts or biases, and is another
/// [Architecture] then.
final class GgufArchitecture {
  private static final Map<String, Architecture> PLAIN =
      Map.ofEntries(
          Map.entry("llama", Architecture.LLAMA),
          Map.entry("qwen2", Architecture.QWEN2),
          Map.entry("qwen2moe", Architecture.QWEN2_MOE),
          Map.entry("qwen3", Architecture.QWEN3),
          Map.entry("qwen3moe", Architecture.QWEN3_MOE),
          Map.entry("gemma3", Architecture.GEMMA3),
          Map.entry("qwen35", Architecture.QWEN35),
          Map.entry("qwen35moe", Architecture.QWEN35_MOE),
          Map.entry("qwen3next", Architecture.QWEN3_NEXT),
          Map.entry("gemma4", Architecture.GEMMA4),
          Map.entry("gpt-oss", Architecture.GPT_OSS),
          Map.entry("glm4", Architecture.GLM4),
          Map.entry("granite", Architecture.GRANITE),
          Map.entry("granitemoe", Architecture.GRANITE_MOE),
          Map.entry("smollm3", Architecture.SMOLLM3),
          Map.entry("phi3", Architecture.PHI3),
          Map.entry("seed_oss", Architecture.SEED_OSS),
          Map.entry("mistral3", Architecture.MISTRAL3),
          Map.entry("exaone4", Architecture.EXAONE4),
          Map.entry("hunyuan-dense", Architecture.HUNYUAN),
          Map.entry("hunyuan-moe", Architecture.HUNYUAN_MOE),
          Map.entry("exaone", Architecture.EXAONE),
          Map.entry("glm4moe", Architecture.GLM4_MOE),
          Map.entry("ernie4_5-moe", Architecture.ERNIE4_5_MOE),
          Map.entry("dots1", Architecture.DOTS1));

  /// Families that differ from others in what has nothing to do with texts, or in their names only.
  private static final Map<String, Architecture> LIKE =
      Map.of(
          "ernie4_5", Architecture.LLAMA,
          "qwen2vl", Architecture.QWEN2,
          "qwen3vl", Architecture.QWEN3,
          "qwen3vlmoe", Architecture.QWEN3_MOE);

  private static final Map<Architecture, Activation> ACTIVATIONS =
      Map.of(
          Architecture.GEMMA3, Activation.GELU,
          Architecture.GEMMA4, Activation.GELU,
          Architecture.GEMMA4_MOE, Activation.GELU,
          Architecture.GPT_OSS, Activation.CLAMPED);

  private static final Set<Architecture> LLAMAS =
      Set.of(Architecture.LLAMA_MOE, Architecture.LLAMA_BIAS, Architecture.LLAMA_BIASES);

  /// What those are, some of whose models have biases on q, k and v, with them.
  private static final Map<Architecture, Architecture> BIASED =
      Map.of(
          Architecture.LLAMA, Architecture.LLAMA_BIAS, Architecture.GLM4, Architecture.GLM4_BIAS);

  /// The same for norms of query and key heads.
  private static final Map<Architecture, Architecture> NORMED =
      Map.of(Architecture.GLM4_MOE, Architecture.GLM4_MOE_NORMS);

  private GgufArchitecture() {}

  /// llama.cpp's name of the family, if it has the architecture.
  static Optional<String> family(Architecture architecture) {
    if (LLAMAS.contains(architecture)) {
      return family(Architecture.LLAMA);
    }
    if (architecture.equals(Architecture.GEMMA4_MOE)) {
      return family(Architecture.GEMMA4);
    }
    return PLAIN.entrySet().stream()
        .filter(
            entry ->
                entry.getValue().equals(architecture)
                    || architecture.equals(BIASED.get(entry.getValue()))
                    || architecture.equals(NORMED.get(entry.getValue())))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /// The architecture of a file.
  ///
  /// @throws dllama.error.UserException for one that is not known
  static Architecture of(GgufFile file) {
    String name = file.architecture();
    Architecture plain = PLAIN.getOrDefault(name, LIKE.get(name));
    if (plain == null) {
      throw file.refused(
          "architecture %s is not supported, only %s".formatted(name, known()),
          "look for a model of one of those");
    }
    if (plain.equals(Architecture.GEMMA4)) {
      boolean experts = file.metadata().u32("gemma4.expert_count", 0) > 0;
      return experts ? Architecture.GEMMA4_MOE : plain;
    }
    if (plain.equals(Architecture.LLAMA)) {
      if (file.metadata().u32(name + ".expert_count", 0) > 0) {
        return Architecture.LLAMA_MOE;
      }
      if (has(file, TensorRole.ATTENTION_OUTPUT_BIAS)) {
        return Architecture.LLAMA_BIASES;
      }
    }
    Architecture normed =
        has(file, TensorRole.QUERY_NORM) ? NORMED.getOrDefault(plain, plain) : plain;
    return has(file, TensorRole.QUERY_BIAS) ? BIASED.getOrDefault(normed, normed) : normed;
  }

  /// What llama.cpp computes for it.
  static Activation activation(Architecture architecture) {
    return ACTIVATIONS.getOrDefault(architecture, Activation.SILU);
  }

  private static boolean has(GgufFile file, TensorRole role) {
    return file.tensor(GgufNames.of(Architecture.LLAMA, role, 0)).isPresent();
  }

  private static String known() {
    List<String> names =
        Stream.of(PLAIN, LIKE).flatMap(map -> map.keySet().stream()).sorted().toList();
    return String.join(", ", names);
  }
}
