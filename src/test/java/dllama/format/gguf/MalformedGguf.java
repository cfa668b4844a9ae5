package dllama.format.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;

/// Makes the files from the description of the edits.
final class MalformedGguf {
  private MalformedGguf() {}

  static byte[] content(JsonNode edited) throws IOException {
    Path base =
        Conformance.shared("gguf/" + edited.get("base").asText(), "model.gguf").orElseThrow();
    byte[] content = Files.readAllBytes(base);
    for (JsonNode edit : edited.get("edits")) {
      content = apply(edit, content);
    }
    return content;
  }

  private static byte[] apply(JsonNode edit, byte[] content) {
    byte[] bytes = HexFormat.of().parseHex(edit.path("hex").asText());
    int offset = edit.path("offset").asInt();
    return switch (edit.get("op").asText()) {
      case "patch" -> {
        System.arraycopy(bytes, 0, content, offset, bytes.length);
        yield content;
      }
      case "truncate" -> Arrays.copyOf(content, edit.get("length").asInt());
      case "insert" -> replaced(content, offset, 0, bytes);
      case "append" -> replaced(content, content.length, 0, bytes);
      case "pad_data" -> {
        int add = edit.get("add").asInt();
        int at = edit.get("data_offset").asInt();
        yield replaced(
            content, at + Math.min(add, 0), Math.max(-add, 0), new byte[Math.max(add, 0)]);
      }
      default -> throw new IllegalArgumentException(edit.toString());
    };
  }

  private static byte[] replaced(byte[] content, int at, int removed, byte[] added) {
    byte[] result = new byte[content.length - removed + added.length];
    System.arraycopy(content, 0, result, 0, at);
    System.arraycopy(added, 0, result, at, added.length);
    System.arraycopy(
        content, at + removed, result, at + added.length, content.length - at - removed);
    return result;
  }
}
