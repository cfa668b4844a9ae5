package dllama.hub;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What stands beside the files of a fetched model, as JSON.
///
/// @param source what to ask for to get it again
/// @param licence null where it is not known
/// @param files the model first, a tokenizer last
@JsonIgnoreProperties(ignoreUnknown = true)
public record FetchedModel(String name, String source, @Nullable String licence, List<File> files) {
  /// A file of a model.
  ///
  /// @param urls where its parts came from
  /// @param sha256 of each part, empty where nobody has said one
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record File(String name, long size, List<String> urls, List<String> sha256) {}

  /// Whether it can be what this program has written.
  boolean sound() {
    return name != null
        && source != null
        && files != null
        && !files.isEmpty()
        && files.stream()
            .allMatch(file -> file != null && file.name() != null && Names.safe(file.name()));
  }

  /// Bytes of all files.
  public long size() {
    return files.stream().mapToLong(File::size).sum();
  }

  /// Name of the tokenizer file, where it is not in the model.
  Optional<String> tokenizer() {
    return files.stream().map(File::name).filter(name -> name.endsWith(".t")).findFirst();
  }
}
