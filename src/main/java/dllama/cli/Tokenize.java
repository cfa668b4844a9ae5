package dllama.cli;

import dllama.error.UserException;
import dllama.format.TokenizerFile;
import dllama.settings.Output;
import dllama.settings.Settings;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/// Shows the tokens of a text.
final class Tokenize {
  private record Result(int[] ids, List<String> pieces) {}

  private Tokenize() {}

  static void run(Settings settings, PrintStream out) {
    Vocabulary vocabulary = TokenizerFile.read(LoadedModel.tokenizerPath(settings.model()));
    int[] ids = new Tokenizer(vocabulary).encodePrompt(bytes(settings.tokenize()));
    List<String> pieces = Arrays.stream(ids).mapToObj(vocabulary::text).toList();
    if (settings.output() == Output.JSON) {
      Json.print(new Result(ids, pieces));
    } else {
      for (int i = 0; i < ids.length; i++) {
        out.printf("%6d  %s%n", ids[i], Text.printable(pieces.get(i)).replace("\n", "\\n"));
      }
    }
  }

  private static byte[] bytes(Settings.Tokenize settings) {
    if (settings.hex().isEmpty()) {
      return settings.text().getBytes(StandardCharsets.UTF_8);
    }
    try {
      return HexFormat.of().parseHex(settings.hex().get());
    } catch (IllegalArgumentException e) {
      throw new UserException(
          "--hex %s is not pairs of hexadecimal digits".formatted(settings.hex().get()), e);
    }
  }
}
