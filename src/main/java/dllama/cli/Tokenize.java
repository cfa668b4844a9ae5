package dllama.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import dllama.error.UserException;
import dllama.error.VisibleText;
import dllama.files.RegularFile;
import dllama.format.TokenizerFiles;
import dllama.session.LoadedModel;
import dllama.settings.ModelSettings;
import dllama.settings.Output;
import dllama.settings.Settings;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/// Shows the tokens of a text, or those of many.
final class Tokenize {
  private record Result(int[] ids, List<String> pieces) {}

  /// More than any piece of a vocabulary has.
  private static final int MAX_PIECE = 1000;

  private Tokenize() {}

  static void run(Settings settings, PrintStream out) {
    if (settings.tokenize().messages().isPresent()) {
      RenderedChat.run(settings, settings.tokenize().messages().get(), out);
      return;
    }
    Path path = path(settings.model());
    Vocabulary vocabulary = TokenizerFiles.read(path);
    TokenizerFiles.warning(path).ifPresent(System.err::println);
    Tokenizer tokenizer = Tokenizer.of(vocabulary);
    if (settings.tokenize().file().isPresent()) {
      lines(settings.tokenize().file().get(), tokenizer, out);
      return;
    }
    int[] ids = tokenizer.encodePrompt(bytes(settings.tokenize()));
    List<String> pieces = Arrays.stream(ids).mapToObj(vocabulary::text).toList();
    if (settings.output() == Output.JSON) {
      Json.print(new Result(ids, pieces));
    } else {
      for (int i = 0; i < ids.length; i++) {
        out.printf("%6d  %s%n", ids[i], VisibleText.line(pieces.get(i), MAX_PIECE));
      }
    }
  }

  /// The vocabulary of the tokenizer file, or else of the model file.
  static Vocabulary vocabulary(ModelSettings settings) {
    return TokenizerFiles.read(path(settings));
  }

  /// A GGUF file with a model has its tokenizer, too.
  private static Path path(ModelSettings settings) {
    return settings.tokenizer().isEmpty() && settings.model().isPresent()
        ? settings.model().get()
        : LoadedModel.tokenizerPath(settings);
  }

  /// A line of ids for every line of the file; for training text of any length.
  private static void lines(Path path, Tokenizer tokenizer, PrintStream out) {
    RegularFile.check(path, "--file");
    int number = 0;
    try (BufferedReader reader = Files.newBufferedReader(path)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        out.println(Arrays.toString(tokenizer.encodePrompt(Json.text(line))));
      }
    } catch (JsonProcessingException e) {
      throw new UserException("%s:%d is not a JSON string".formatted(path, number), e);
    } catch (IOException e) {
      throw new UserException("can not read %s: %s".formatted(path, UserException.reason(e)), e);
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
