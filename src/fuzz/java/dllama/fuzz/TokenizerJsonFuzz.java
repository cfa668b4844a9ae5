package dllama.fuzz;

/// Tokenizers of Hugging Face folders.
public final class TokenizerJsonFuzz {
  private static final FolderFuzz FOLDER = new FolderFuzz("tokenizer.json");

  private TokenizerJsonFuzz() {}

  /// The folder is written here, so that no input is charged with it.
  public static void fuzzerInitialize() {}

  public static void fuzzerTestOneInput(byte[] data) {
    FOLDER.read(data, 0);
  }
}
