package dllama.format.safetensors;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Writes small safetensors files.
public final class SafetensorsWriter {
  private final List<String> descriptions = new ArrayList<>();
  private final ByteArrayOutputStream data = new ByteArrayOutputStream();

  /// Appends a tensor.
  public SafetensorsWriter add(String name, String type, byte[] values, long... shape) {
    descriptions.add(
        """
        "%s":{"dtype":"%s","shape":%s,"data_offsets":[%d,%d]}"""
            .formatted(
                name, type, Arrays.toString(shape), data.size(), data.size() + values.length));
    data.writeBytes(values);
    return this;
  }

  public void write(Path path) throws IOException {
    String header =
        "{\"__metadata__\":{\"format\":\"pt\"}%s}"
            .formatted(descriptions.isEmpty() ? "" : "," + String.join(",", descriptions));
    Files.write(path, file(header, data.toByteArray()));
  }

  /// A file with any header.
  public static byte[] file(String header, byte[] data) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Long.BYTES + text.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(text.length)
        .put(text)
        .put(data)
        .array();
  }
}
