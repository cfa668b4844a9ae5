package dllama.convert;

import static java.nio.charset.StandardCharsets.UTF_8;

import dllama.error.UserException;
import dllama.files.ByteSize;
import dllama.files.OutputFile;
import dllama.files.PartFile;
import dllama.format.TokenizerFiles;
import dllama.format.dllama.DllamaWriter;
import dllama.format.dllama.TokenizerWriter;
import dllama.format.file.Conveyor;
import dllama.format.file.Output;
import dllama.format.file.Progress;
import dllama.format.file.TensorRows;
import dllama.format.gguf.GgufHeader;
import dllama.format.gguf.GgufLayout;
import dllama.format.gguf.GgufTokens;
import dllama.format.gguf.GgufWriter;
import dllama.model.ModelSpec;
import dllama.model.Rope;
import dllama.model.TensorRole;
import dllama.model.TensorTypes;
import dllama.tensor.DType;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/// Converts a model: the tokenizer first, then the model, tensor by tensor. What was interrupted
/// goes on where it was, if it is asked for again and no file of the input has changed.
public final class Converter {
  /// Raised when the same input gives other bytes than before.
  private static final int VERSION = 2;

  private final Wanted wanted;
  private final Listener listener;

  /// What is to become of what.
  ///
  /// @param in file or folder
  /// @param out file, whose name tells the format: `.gguf`, or else `.m`
  /// @param tokenizer file to write beside a `.m` file
  /// @param vocabulary file to take a GGUF file's tokenizer from; empty: from the model
  /// @param type of the weights
  public record Wanted(Path in, Path out, Path tokenizer, Optional<Path> vocabulary, DType type) {}

  /// Told what goes on; on the caller's thread.
  public interface Listener extends Progress {
    void note(String line);
  }

  private Converter(Wanted wanted, Listener listener) {
    this.wanted = wanted;
    this.listener = listener;
  }

  /// Converts, and returns when the files are complete.
  ///
  /// @throws UserException if the input can not be read, the format can not hold it, or the output
  ///     can not be written
  public static void run(Wanted wanted, Listener listener) throws InterruptedException {
    new Converter(wanted, listener).run();
  }

  private void run() throws InterruptedException {
    OutputFile.check(wanted.out);
    try (Input input = Input.open(wanted.in, wanted.type)) {
      for (Path path : input.paths()) {
        if (isSame(path, wanted.out) || isSame(path, wanted.tokenizer)) {
          throw new UserException("%s would replace what it is made of".formatted(path));
        }
      }
      Output output = output(input);
      if (!gguf()) {
        writeTokenizer(input);
      }
      write(input, output);
    }
  }

  private static boolean isSame(Path one, Path other) {
    try {
      return Files.exists(other) && Files.isSameFile(one, other);
    } catch (IOException e) {
      throw new UserException(
          "%s can not be read (%s)".formatted(other, UserException.reason(e)), e);
    }
  }

  private Output output(Input input) {
    return gguf() ? gguf(input) : dllama(input);
  }

  private boolean gguf() {
    return wanted.out.toString().endsWith(".gguf");
  }

  private Output dllama(Input input) {
    Rope rope = RopeOfLlama31.of(input.spec().rope(), input.spec().headDim());
    ModelSpec spec = input.spec().with(TensorTypes.all(wanted.type), rope);
    return DllamaWriter.output(input.keys(spec), spec, rounding(input));
  }

  private Output gguf(Input input) {
    ModelSpec spec = input.spec().with(input.types(wanted.type), input.spec().rope());
    TensorRows embedding = input.rows(new TensorRole.Name(TensorRole.EMBEDDING));
    boolean tied = input.rows(new TensorRole.Name(TensorRole.WCLS)).equals(embedding);
    GgufLayout layout = GgufLayout.of(spec, tied);
    GgufTokens tokens = tokens(input, spec);
    String name = String.valueOf(wanted.out.getFileName()).replace(".gguf", "");
    GgufHeader header = GgufHeader.of(spec, layout, tokens, name);
    return GgufWriter.output(header, layout, rounding(input));
  }

  private GgufTokens tokens(Input input, ModelSpec spec) {
    if (wanted.vocabulary.isPresent()) {
      Path path = wanted.vocabulary.get();
      TokenizerFiles.fitting(TokenizerFiles.read(path), spec, "the tokenizer");
      return TokenizerFiles.tokens(path);
    }
    GgufTokens tokens;
    try {
      tokens = input.tokens();
    } catch (UserException e) {
      listener.note("no tokenizer is written: " + e.getMessage());
      return GgufTokens.NONE;
    }
    if (tokens == GgufTokens.NONE) {
      listener.note("no tokenizer is written: give a file that has it as --tokenizer");
    }
    return tokens;
  }

  private static Rounding rounding(Input input) {
    Map<TensorRole.Name, TensorRows> rows = new HashMap<>();
    for (TensorRole.Name name : TensorRole.ofModel(input.spec())) {
      rows.put(name, input.rows(name));
    }
    return new Rounding(rows);
  }

  /// A model without its tokenizer is of use, too: another file may have it.
  private void writeTokenizer(Input input) {
    Optional<Vocabulary> vocabulary;
    try {
      vocabulary =
          input
              .tokenizer()
              .map(found -> TokenizerFiles.fitting(found, input.spec(), "the tokenizer"));
    } catch (UserException e) {
      listener.note("no tokenizer is written: " + e.getMessage());
      return;
    }
    vocabulary.ifPresent(
        found -> {
          TokenizerWriter.write(wanted.tokenizer, found);
          listener.note("%s: %d tokens".formatted(wanted.tokenizer, found.size()));
        });
  }

  private void write(Input input, Output output) throws InterruptedException {
    long total = output.bytes();
    try (PartFile file = PartFile.open(wanted.out, total, identity(input, output))) {
      if (file.begun() > 0) {
        listener.note(
            "%s: going on behind the first %s".formatted(wanted.out, ByteSize.text(file.begun())));
      }
      try (Conveyor conveyor = new Conveyor(file::write, file.begun(), total, listener)) {
        conveyor.write(output);
      }
      file.finish();
    }
  }

  /// All that the bytes of the output depend on.
  private static String identity(Input input, Output output) {
    StringBuilder text = new StringBuilder("convert %d".formatted(VERSION));
    try {
      for (Path path : input.paths()) {
        Path real = path.toRealPath();
        BasicFileAttributes file = Files.readAttributes(real, BasicFileAttributes.class);
        text.append(
            " [%s %d %s %s]"
                .formatted(
                    HexFormat.of().formatHex(real.toString().getBytes(UTF_8)),
                    file.size(),
                    file.lastModifiedTime().toInstant(),
                    file.fileKey()));
      }
    } catch (IOException e) {
      throw new UserException(
          "%s can not be read (%s)".formatted(input.paths(), UserException.reason(e)), e);
    }
    for (Output.Part part : output.parts()) {
      if (part instanceof Output.Bytes bytes) {
        text.append(' ').append(bytes.content().hashCode());
      }
    }
    return text.toString();
  }
}
