package dllama.fuzz;

/// Configurations of Hugging Face folders.
public final class HfConfigFuzz {
  private static final FolderFuzz FOLDER = new FolderFuzz("config.json");

  private HfConfigFuzz() {}

  /// The folder is written here, so that no input is charged with it.
  public static void fuzzerInitialize() {}

  public static void fuzzerTestOneInput(byte[] data) {
    FOLDER.read(data, 0);
  }
}
