package dllama.format.dllama;

import dllama.error.UserException;
import dllama.format.file.FileKind;
import dllama.format.file.InputFile;
import dllama.model.ModelSpec;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reader of distributed-llama's `.t` tokenizer files, with the key/value header or the older fixed
/// one. Where the header does not tell whether BOS is added, it is: all models of that time want
/// it.
public final class TokenizerFile {
  static final int MAGIC = 0x567124;
  static final int OLD_MAGIC = 0x567123;

  static final int VERSION = 0;
  static final int VOCAB_SIZE = 1;
  static final int MAX_LENGTH = 2;
  static final int BOS = 3;
  static final int EOS = 4;
  static final int PAD = 5;
  static final int CHAT_EOS = 6;
  static final int TEMPLATE_LENGTH = 7;
  static final int CHAT_STOP_LENGTH = 8;
  static final int EOS_COUNT = 9;
  static final int ADD_BOS = 10;

  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(VERSION, "version"),
          Map.entry(VOCAB_SIZE, "vocabSize"),
          Map.entry(MAX_LENGTH, "maxTokenLength"),
          Map.entry(BOS, "bosId"),
          Map.entry(EOS, "eosId"),
          Map.entry(PAD, "padId"),
          Map.entry(CHAT_EOS, "chatEosId"),
          Map.entry(TEMPLATE_LENGTH, "chatTemplateLength"),
          Map.entry(CHAT_STOP_LENGTH, "chatStopLength"),
          Map.entry(EOS_COUNT, "eosCount"),
          Map.entry(ADD_BOS, "addBos"));

  private static final int OLD_HEADER_BYTES = 6 * Integer.BYTES;

  /// Far above every published tokenizer (Gemma's has 5 MB).
  private static final int MAX_FILE_BYTES = 128 << 20;

  private final InputFile file;

  /// The rest of the file; every read is checked against what is left.
  private final ByteBuffer bytes;

  private TokenizerFile(InputFile file, int headerBytes) {
    this.file = file;
    this.bytes = file.read(headerBytes, MAX_FILE_BYTES);
  }

  /// Reads a tokenizer for a model.
  ///
  /// @throws UserException if it could give a token that the model does not know. The other way
  ///     round is usual: vocabularies of models are padded.
  public static Vocabulary read(Path path, ModelSpec spec) {
    Vocabulary vocabulary = read(path);
    if (vocabulary.size() > spec.vocabSize()) {
      throw new UserException(
          "tokenizer file %s has %d tokens, the model only %d; use the tokenizer made for this model"
              .formatted(path, vocabulary.size(), spec.vocabSize()));
    }
    return vocabulary;
  }

  /// Reads a tokenizer.
  ///
  /// @throws UserException for a file that is not a complete tokenizer
  public static Vocabulary read(Path path) {
    try (InputFile file = InputFile.open(path, "tokenizer")) {
      return read(file);
    }
  }

  /// Reads a tokenizer that is in memory.
  ///
  /// @param name for messages
  public static Vocabulary of(byte[] content, String name) {
    try (InputFile file = InputFile.of(content, name)) {
      return read(file);
    }
  }

  private static Vocabulary read(InputFile file) {
    if (file.size() > MAX_FILE_BYTES) {
      throw file.refused(
          "it has %,d bytes, too many for a tokenizer".formatted(file.size()),
          "name a .t file made by the converter");
    }
    int magic = KeyValueHeader.magic(file);
    return switch (magic) {
      case MAGIC -> readKeyValue(file);
      case OLD_MAGIC -> readOld(file);
      default -> throw FileKind.refused(file, ".t");
    };
  }

  private static Vocabulary readKeyValue(InputFile file) {
    KeyValueHeader header = KeyValueHeader.read(file, NAMES);
    int version = header.get(VERSION, 0);
    if (version != 1) {
      throw file.refused("version %d is not supported".formatted(version), "convert it again");
    }
    int size = header.require(VOCAB_SIZE, 1, 1 << 22);
    int bosId = header.optional(BOS, -1, -1, size - 1);
    Set<Integer> eosIds = new LinkedHashSet<>();
    eosIds.add(header.optional(EOS, -1, -1, size - 1));
    eosIds.add(header.optional(CHAT_EOS, -1, -1, size - 1));
    boolean addBos = header.optional(ADD_BOS, 1, 0, 1) == 1;

    TokenizerFile content = new TokenizerFile(file, header.size());
    byte[] template = content.take("chat template", header.get(TEMPLATE_LENGTH, 0));
    content.take("chat stop", header.get(CHAT_STOP_LENGTH, 0));
    int eosCount = header.optional(EOS_COUNT, 0, 0, size);
    for (int i = 0; i < eosCount; i++) {
      eosIds.add(content.takeId("eosId", size));
    }
    return content.vocabulary(
        size,
        bosId,
        eosIds,
        addBos,
        template.length == 0 ? null : new String(template, StandardCharsets.UTF_8));
  }

  private static Vocabulary readOld(InputFile file) {
    ByteBuffer header = file.read(0, OLD_HEADER_BYTES);
    if (header.remaining() < OLD_HEADER_BYTES) {
      throw file.damaged("it ends inside the header");
    }
    int size = header.getInt(4);
    int bosId = header.getInt(12);
    int eosId = header.getInt(16);
    if (size < 1 || size > 1 << 22 || bosId < -1 || bosId >= size || eosId < -1 || eosId >= size) {
      throw file.damaged(
          "the header says vocabSize=%d, bosId=%d, eosId=%d".formatted(size, bosId, eosId));
    }
    return new TokenizerFile(file, OLD_HEADER_BYTES)
        .vocabulary(size, bosId, Set.of(eosId), true, null);
  }

  private Vocabulary vocabulary(
      int size, int bosId, Set<Integer> eosIds, boolean addBos, @Nullable String chatTemplate) {
    if (size > bytes.remaining() / 8) {
      throw file.damaged("it is too short for vocabSize=%d".formatted(size));
    }
    byte[][] pieces = new byte[size][];
    float[] scores = new float[size];
    for (int id = 0; id < size; id++) {
      need("token " + id, 8);
      scores[id] = bytes.getFloat();
      pieces[id] = take("token " + id, bytes.getInt());
    }
    if (bytes.hasRemaining()) {
      throw file.damaged(
          "%d bytes follow the last of its %d tokens".formatted(bytes.remaining(), size));
    }
    List<Integer> eos = eosIds.stream().filter(id -> id >= 0).toList();
    return new Vocabulary(pieces, scores, bosId, eos, addBos, chatTemplate);
  }

  private byte[] take(String what, int length) {
    need(what, length);
    byte[] taken = new byte[length];
    bytes.get(taken);
    return taken;
  }

  private int takeId(String what, int size) {
    need(what, Integer.BYTES);
    int id = bytes.getInt();
    if (id < 0 || id >= size) {
      throw file.damaged("%s=%d is not a token of %d".formatted(what, id, size));
    }
    return id;
  }

  private void need(String what, int length) {
    if (length < 0 || length > bytes.remaining()) {
      throw file.damaged(
          "%s has length %d, but only %d bytes follow"
              .formatted(what, Integer.toUnsignedLong(length), bytes.remaining()));
    }
  }
}
