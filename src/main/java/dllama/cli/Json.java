package dllama.cli;

import static com.fasterxml.jackson.databind.DeserializationFeature.FAIL_ON_TRAILING_TOKENS;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.PrintStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Results as JSON documents on standard output, and JSON strings that are given.
final class Json {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private Json() {}

  /// The text that a JSON string stands for.
  static String text(String json) throws JsonProcessingException {
    return MAPPER.readerFor(String.class).with(FAIL_ON_TRAILING_TOKENS).readValue(json);
  }

  /// The values of a JSON object: maps, lists, texts, numbers, booleans and null.
  static Map<String, @Nullable Object> object(String json) throws JsonProcessingException {
    return MAPPER
        .readerFor(new TypeReference<Map<String, @Nullable Object>>() {})
        .with(FAIL_ON_TRAILING_TOKENS)
        .readValue(json);
  }

  /// A document of others, to be looked at with care.
  static JsonNode tree(String json) throws JsonProcessingException {
    return MAPPER.readTree(json);
  }

  /// In one line.
  static String line(Object value) {
    try {
      return MAPPER.writer().without(SerializationFeature.INDENT_OUTPUT).writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /// For people, too.
  static String pretty(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /// To thousandths: more digits than are true are only in the way.
  static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }

  static void print(Object value) {
    print(value, System.out);
  }

  static void print(Object value, PrintStream out) {
    out.println(pretty(value));
  }
}
