package dllama.format.meta;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.error.UserException;
import dllama.files.RegularFile;
import dllama.model.Rope;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/// `params.json` beside Meta's checkpoints.
final class MetaParams {
  /// Obeyed here, or said again by the shapes of tensors.
  private static final Set<String> KNOWN =
      Set.of(
          "dim",
          "n_layers",
          "n_heads",
          "n_kv_heads",
          "vocab_size",
          "multiple_of",
          "ffn_dim_multiplier",
          "norm_eps",
          "rope_theta",
          "use_scaled_rope",
          "max_seq_len",
          "max_batch_size",
          "model_parallel_size");

  private final Path path;
  private final JsonNode json;

  private MetaParams(Path path, JsonNode json) {
    this.path = path;
    this.json = json;
  }

  /// @throws UserException if it is not there, no JSON object, or has a key that is not known and
  ///     may change the arithmetic
  static MetaParams read(Path path) {
    try {
      JsonNode json =
          new ObjectMapper().readTree(RegularFile.text(path, "parameters of the model"));
      MetaParams params = new MetaParams(path, json);
      if (!json.isObject()) {
        throw params.refused("is no JSON object");
      }
      for (String name : params.names()) {
        if (!KNOWN.contains(name)) {
          throw params.refused("has %s, which is not supported".formatted(name));
        }
      }
      return params;
    } catch (JsonProcessingException e) {
      throw new UserException("%s is no JSON: get it again".formatted(path), e);
    }
  }

  /// Keys in the order of the file, in which distributed-llama's converter writes them.
  Collection<String> names() {
    return List.copyOf(json.properties().stream().map(java.util.Map.Entry::getKey).toList());
  }

  boolean has(String name) {
    return json.hasNonNull(name);
  }

  /// A whole number that must be there.
  int whole(String name) {
    JsonNode value = json.path(name);
    if (!value.isNumber() || value.doubleValue() != value.intValue()) {
      throw refused(
          "has no whole number %s, but %s"
              .formatted(name, value.isMissingNode() ? "nothing" : value));
    }
    return value.intValue();
  }

  float epsilon() {
    return has("norm_eps") ? (float) json.get("norm_eps").doubleValue() : 1e-5f;
  }

  /// Positions that the model was trained for. Meta's own files do not say it, but which model it
  /// is shows in other values.
  int contextLength() {
    if (has("max_seq_len")) {
      return whole("max_seq_len");
    }
    if (scaled()) {
      return 131_072; // Llama 3.1 and later
    }
    int theta = has("rope_theta") ? whole("rope_theta") : 0;
    return switch (theta) {
      case 500_000 -> 8192; // Llama 3
      case 1_000_000 -> 16_384; // Code Llama
      default -> epsilon() == 1e-5f ? 4096 : 2048; // Llama 2 and 1
    };
  }

  private boolean scaled() {
    return json.path("use_scaled_rope").asBoolean(false);
  }

  /// Llama 3.1 and later. The factor is not in the file: Meta's code has 8, and 32 for the small
  /// models of Llama 3.2.
  Rope rope() {
    int theta = has("rope_theta") ? whole("rope_theta") : 10_000;
    return scaled()
        ? Rope.llama31(theta, whole("dim") < 4096 ? 32 : 8, 1, 4, 8192)
        : Rope.unscaled(theta);
  }

  UserException refused(String what) {
    return new UserException(
        "%s %s; take it from where the model was published".formatted(path, what));
  }
}
