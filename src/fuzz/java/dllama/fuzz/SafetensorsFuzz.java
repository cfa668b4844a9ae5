package dllama.fuzz;

/// Files of safetensors, as the weights of a folder. An input is a header; zeros follow in place of
/// weights.
public final class SafetensorsFuzz {
  private static final FolderFuzz FOLDER = new FolderFuzz("model.safetensors");

  private SafetensorsFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    FOLDER.read(data, 2_200_000);
  }
}
