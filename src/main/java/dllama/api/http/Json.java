package dllama.api.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/// JSON of requests and answers. Any thread.
public final class Json {
  private static final int DEPTH = 128;

  static final ObjectMapper MAPPER =
      new ObjectMapper(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEPTH)
                          .maxNumberLength(64)
                          .maxStringLength(Integer.MAX_VALUE) // the body has a limit
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private Json() {}

  /// A new object.
  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /// What stands in a JSON text.
  ///
  /// @throws ApiException if it is none
  static JsonNode parse(byte[] text) {
    try {
      String decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString();
      return MAPPER.readTree(decoded);
    } catch (CharacterCodingException e) {
      throw ApiException.bad("the body is not UTF-8");
    } catch (JsonProcessingException e) {
      throw ApiException.bad("the body is not JSON: " + reason(e));
    }
  }

  /// Whether a text is a JSON object.
  public static boolean isObject(String text) {
    try {
      return MAPPER.readTree(text) instanceof ObjectNode;
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  /// The value of a JSON text that was checked.
  public static JsonNode read(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /// As maps, lists, texts, numbers, booleans and null.
  public static Object values(JsonNode node) {
    return MAPPER.convertValue(node, Object.class);
  }

  static Map<String, Object> map(ObjectNode node) {
    return MAPPER.convertValue(node, new TypeReference<Map<String, Object>>() {});
  }

  /// A document.
  public static byte[] bytes(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  public static String text(Object value) {
    return new String(bytes(value), StandardCharsets.UTF_8);
  }

  /// Without names of classes, which Jackson puts behind a line end or in brackets.
  private static String reason(JsonProcessingException e) {
    String first = e.getOriginalMessage().lines().findFirst().orElse("");
    String plain = first.replaceAll("\\s*\\(?(for|through|from)? ?`?(com|java|org)\\..*", "");
    String where =
        e.getLocation() == null
            ? ""
            : " (line %d, column %d)"
                .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
    return plain.length() > 200 ? plain.substring(0, 200) + where : plain + where;
  }
}
