package dllama.fuzz;

/// Configurations of Hugging Face folders.
public final class HfConfigFuzz {
  private static final FolderFuzz FOLDER = new FolderFuzz("config.json");

  private HfConfigFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    FOLDER.read(data, 0);
  }
}
