package dllama.fuzz;

/// Files of safetensors, as the weights of a folder. An input is a header; zeros follow in place of
/// weights.
public final class SafetensorsFuzz {
  private static final FolderFuzz FOLDER = new FolderFuzz("model.safetensors");

  private SafetensorsFuzz() {}

  /// The folder is written here, so that no input is charged with it.
  public static void fuzzerInitialize() {}

  public static void fuzzerTestOneInput(byte[] data) {
    FOLDER.read(data, 2_200_000);
  }
}
