package dllama.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.format.dllama.TokenizerFile;
import dllama.format.file.FileKind;
import dllama.format.file.InputFile;
import dllama.format.file.ModelFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileKindTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\\100\\1\\0\\0\\0\\0\\0\\0{\"__metadata__\":  | safetensors",
        "PK\\3\\4xyz                               | ZIP archive",
        "\\37\\213\\10xyz                          | compressed",
        "BZh91AY&SY                                | compressed",
        "\\3757zXZ  \\0                             | compressed",
        "(\\265/\\375\\4xyz                          | compressed",
        "tjgg\\1\\0\\0\\0                           | GGML file of an old llama.cpp",
        "lmgg\\1\\0\\0\\0                           | GGML file of an old llama.cpp",
        "MZ\\220\\0                                 | a program",
        "\\177ELF\\2\\1                            | a program",
        "#!/bin/sh                                 | a program",
        "version https://git-lfs.github.com/spec   | git lfs pull",
        "<!DOCTYPE html><html>                     | web page",
        "{\"model_type\": \"llama\"}               | JSON",
        "\\0\\0\\0\\0\\0\\0                        | zeros",
      })
  void shouldSayWhatAFileIs(String start, String words) throws IOException {
    Path path = folder.resolve("file");
    Files.write(path, start.strip().translateEscapes().getBytes(StandardCharsets.ISO_8859_1));
    for (UserException refused :
        new UserException[] {
          assertThrows(UserException.class, () -> ModelFiles.open(path, ModelFile.Hints.NONE)),
          assertThrows(UserException.class, () -> TokenizerFile.read(path))
        }) {
      String told = refused.getMessage();
      assertTrue(told.contains(words), told);
    }
  }

  @Test
  void shouldTellModelsAndTokenizersFromEachOther() throws IOException {
    Path path = folder.resolve("file");
    Files.write(path, new byte[] {0x24, 0x71, 0x56, 0, 0, 0, 0, 0});
    assertTrue(
        assertThrows(UserException.class, () -> ModelFiles.open(path, ModelFile.Hints.NONE))
            .getMessage()
            .contains("a .t file, a tokenizer"));
    Files.write(path, new byte[] {(byte) 0xCD, (byte) 0xAB, 0, 0x0A, 0, 0, 0, 0});
    assertTrue(
        assertThrows(UserException.class, () -> TokenizerFile.read(path))
            .getMessage()
            .contains("a .m file, a model"));
    byte[] neither = "what is this".getBytes(StandardCharsets.UTF_8);
    assertEquals(Optional.empty(), FileKind.of(InputFile.of(neither, "file")));
  }

  @Test
  void shouldSayThatAFileIsTooShort() throws IOException {
    Path path = Files.write(folder.resolve("file"), new byte[3]);
    UserException refused =
        assertThrows(UserException.class, () -> ModelFiles.open(path, ModelFile.Hints.NONE));
    assertTrue(refused.getMessage().contains("it has only 3 bytes"), refused.getMessage());
  }
}
