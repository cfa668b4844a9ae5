package dllama.fuzz;

import dllama.engine.Specs;
import dllama.error.UserException;
import dllama.format.ModelFiles;
import dllama.format.dllama.DllamaFile;
import dllama.format.SynthModel;
import dllama.format.file.ModelFile;
import dllama.format.hf.HfFolders;
import dllama.model.ModelSource;
import dllama.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/// A small folder of Hugging Face's, of which one file is fuzzed. `-Dfuzz.seeds=FOLDER` has the
/// file as it should be copied there, to begin with.
final class FolderFuzz {
  private final Path folder;
  private final Path fuzzed;

  /// @param file that is fuzzed
  FolderFuzz(String file) {
    folder = Scratch.folder().resolve("hf");
    fuzzed = folder.resolve(file);
    Path made = Scratch.folder().resolve("made.m");
    try {
      SynthModel.write(made, Specs.small(DType.F32), 1, (bytes, total) -> {});
      try (DllamaFile model = DllamaFile.open(made)) {
        HfFolders.write(folder, (ModelSource.Weights) model.source(), DType.F32, 1, Map.of());
      }
      HfFolders.writeTokenizer(folder);
      String seeds = System.getProperty("fuzz.seeds");
      if (seeds != null) {
        Files.write(Path.of(seeds, file), head(Files.readAllBytes(fuzzed)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A file of weights without these.
  private static byte[] head(byte[] file) {
    if (file.length < 50_000) {
      return file;
    }
    long header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    return Arrays.copyOf(file, Math.toIntExact(Long.BYTES + header));
  }

  /// @param zeros that follow the input, in place of weights
  void read(byte[] data, long zeros) {
    try {
      Files.write(fuzzed, data);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (zeros > 0) {
      Scratch.extend(fuzzed, zeros);
    }
    try (ModelFile model = ModelFiles.open(folder, ModelFile.Hints.NONE)) {
      ModelUse.of(model);
    } catch (UserException e) {
      Refusal.check(e);
    }
  }
}
