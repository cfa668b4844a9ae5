package dllama.format.dllama;

import dllama.files.OutputFile;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// Writes `.t` files with the key/value header, as distributed-llama's converter does.
public final class TokenizerWriter {
  private TokenizerWriter() {}

  /// Writes a file, which replaces one of the same name when it is complete.
  ///
  /// @throws dllama.error.UserException if the file can not be written
  public static void write(Path path, Vocabulary vocabulary) {
    ByteBuffer bytes = bytes(vocabulary);
    try (OutputFile file = OutputFile.create(path, bytes.remaining())) {
      file.write(bytes);
      file.finish();
    }
  }

  private static ByteBuffer bytes(Vocabulary vocabulary) {
    String jinja = vocabulary.chatTemplate();
    byte[] template = jinja == null ? new byte[0] : jinja.getBytes(StandardCharsets.UTF_8);
    ByteBuffer header = header(vocabulary, template.length);
    int total = header.remaining() + template.length + Integer.BYTES * vocabulary.eosIds().size();
    for (byte[] piece : vocabulary.pieces()) {
      total = Math.addExact(total, Float.BYTES + Integer.BYTES + piece.length);
    }
    ByteBuffer bytes = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(header).put(template);
    vocabulary.eosIds().forEach(bytes::putInt);
    for (int id = 0; id < vocabulary.size(); id++) {
      byte[] piece = vocabulary.pieces()[id];
      bytes.putFloat(vocabulary.scores()[id]).putInt(piece.length).put(piece);
    }
    return bytes.flip();
  }

  private static ByteBuffer header(Vocabulary vocabulary, int templateLength) {
    int longest =
        Arrays.stream(vocabulary.pieces()).mapToInt(piece -> piece.length).max().orElse(0);
    Map<Integer, Integer> keys = new LinkedHashMap<>();
    keys.put(TokenizerFile.BOS, vocabulary.bosId());
    keys.put(TokenizerFile.VERSION, 1);
    keys.put(TokenizerFile.VOCAB_SIZE, vocabulary.size());
    keys.put(TokenizerFile.MAX_LENGTH, longest);
    if (templateLength > 0) {
      keys.put(TokenizerFile.TEMPLATE_LENGTH, templateLength);
    }
    keys.put(TokenizerFile.EOS_COUNT, vocabulary.eosIds().size());
    keys.put(TokenizerFile.ADD_BOS, vocabulary.addBos() ? 1 : 0);
    return KeyValueHeader.bytes(TokenizerFile.MAGIC, keys);
  }
}
