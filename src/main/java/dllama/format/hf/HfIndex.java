package dllama.format.hf;

import dllama.format.file.InputFile;
import dllama.format.file.JsonReader;
import java.nio.file.Path;
import java.util.function.Consumer;

/// Reads `model.safetensors.index.json`, which says which tensor is in which file. What the files
/// say themselves counts; of the index only their names are needed.
final class HfIndex {
  /// Of 100,000 tensors it has 12 MB.
  private static final long MOST_BYTES = 64 << 20;

  private HfIndex() {}

  /// @param file is given the name of the file of each tensor
  static void read(Path path, Consumer<String> file) {
    try (InputFile index = InputFile.open(path, "index");
        JsonReader json = JsonReader.of(index, MOST_BYTES)) {
      json.object(
          key -> {
            if (key.equals("weight_map")) {
              json.object(tensor -> file.accept(json.text()));
            } else {
              json.skip();
            }
          });
      json.end();
    }
  }
}
