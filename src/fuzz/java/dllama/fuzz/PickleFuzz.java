package dllama.fuzz;

import dllama.error.UserException;
import dllama.format.meta.MetaModel;
import dllama.model.TensorRole;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// Pickles of Meta's checkpoints. An input is the pickle of a small one's first part, whose other
/// files are as PyTorch wrote them. `-Dfuzz.seeds=FOLDER` has the right pickle copied there.
public final class PickleFuzz {
  private static final String FUZZED = "consolidated.00.pth";
  private static final String PICKLE = "consolidated.00/data.pkl";
  private static final Path FOLDER = Scratch.folder().resolve("meta");
  private static final Map<String, byte[]> FILES = new LinkedHashMap<>();

  static {
    try {
      Files.createDirectory(FOLDER);
      for (String name : List.of("params.json", "consolidated.01.pth", FUZZED)) {
        try (InputStream from = PickleFuzz.class.getResourceAsStream("/convert/meta/" + name)) {
          Files.copy(from, FOLDER.resolve(name));
        }
      }
      try (ZipFile zip = new ZipFile(FOLDER.resolve(FUZZED).toFile())) {
        for (ZipEntry entry : Collections.list(zip.entries())) {
          FILES.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
        }
      }
      String seeds = System.getProperty("fuzz.seeds");
      if (seeds != null) {
        Files.write(Path.of(seeds, "data.pkl"), FILES.get(PICKLE));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private PickleFuzz() {}

  /// Reads the right one first: what takes its time only once is not charged to an input then.
  public static void fuzzerInitialize() {
    fuzzerTestOneInput(FILES.get(PICKLE));
  }

  public static void fuzzerTestOneInput(byte[] data) {
    FILES.put(PICKLE, data);
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(FOLDER.resolve(FUZZED)))) {
      zip.setMethod(ZipOutputStream.STORED);
      for (Map.Entry<String, byte[]> file : FILES.entrySet()) {
        store(zip, file.getKey(), file.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try (MetaModel model = MetaModel.open(FOLDER)) {
      for (TensorRole.Name name : TensorRole.ofModel(model.spec())) {
        model.rows(name).values(0, 1, new float[(int) model.rows(name).cols()]);
      }
    } catch (UserException e) {
      Refusal.check(e);
    }
  }

  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    CRC32 sum = new CRC32();
    sum.update(content);
    entry.setCrc(sum.getValue());
    entry.setSize(content.length);
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
