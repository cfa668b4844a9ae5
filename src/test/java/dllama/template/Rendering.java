package dllama.template;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.Conformance;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Renders recorded cases.
final class Rendering {
  static final ObjectMapper JSON = new ObjectMapper();

  private Rendering() {}

  /// A clock that stands still, as in recorded cases.
  static Clock at(String date) {
    return Clock.fixed(LocalDateTime.parse(date).toInstant(ZoneOffset.UTC), ZoneOffset.UTC);
  }

  static String render(String template, JsonNode input, Clock clock) {
    return Template.parse(template).render(map(input), Limits.DEFAULT, clock);
  }

  static String render(String template, Map<String, Object> input) {
    return Template.parse(template).render(input, Limits.DEFAULT, at("2025-03-14T09:26:53"));
  }

  static String render(String template) {
    return render(template, Map.of());
  }

  static Map<String, Object> map(JsonNode node) {
    return JSON.convertValue(node, new TypeReference<>() {});
  }

  /// The files of a folder of the larger collection; none where it is not there.
  static List<Path> collection(String folder) {
    return Conformance.shared("jinja", folder).map(Rendering::jsonFiles).orElse(List.of());
  }

  private static List<Path> jsonFiles(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".json")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
