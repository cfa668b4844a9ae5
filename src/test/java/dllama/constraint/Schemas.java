package dllama.constraint;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/// Schemas of the tests, and a judge of values that shares nothing with what they test.
final class Schemas {
  static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final SchemaRegistry REGISTRY =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

  private Schemas() {}

  static JsonNode read(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(text, e);
    }
  }

  /// A list in the resources of the tests.
  static JsonNode list(String name) {
    try (InputStream in = Schemas.class.getResourceAsStream("/constraint/" + name)) {
      return JSON.readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// What is wrong with a value; nothing if it is valid.
  static List<Error> faults(JsonNode schema, JsonNode value) {
    Schema judge = REGISTRY.getSchema(schema);
    return judge.validate(
        inKnownDomains(value),
        context -> context.executionConfig(config -> config.formatAssertionsEnabled(true)));
  }

  /// The judge also asks that the last part of an address is among the domains that there are
  /// today, which the standard does not: all are put into the same one.
  private static JsonNode inKnownDomains(JsonNode value) {
    String address = "(\"[^\"@ ]+@[^\"@ ]+\\.)";
    return read(
        value
            .toString()
            .replaceAll(address + "[a-zA-Z]{2}\"", "$1de\"")
            .replaceAll(address + "[a-zA-Z]{3}\"", "$1org\""));
  }
}
