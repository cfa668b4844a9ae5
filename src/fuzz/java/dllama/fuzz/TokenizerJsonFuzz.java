package dllama.fuzz;

/// Tokenizers of Hugging Face folders.
public final class TokenizerJsonFuzz {
  private static final FolderFuzz FOLDER = new FolderFuzz("tokenizer.json");

  private TokenizerJsonFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    FOLDER.read(data, 0);
  }
}
