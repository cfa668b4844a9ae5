package dllama.format.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.error.UserException;
import dllama.format.file.ModelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Files that were damaged on purpose, as far as the container goes: what only the reader of a
/// model or of a tokenizer can see is theirs to refuse.
@Timeout(60)
class MalformedGgufTest {
  /// Beginnings of the names of such cases.
  private static final List<String> OF_READERS =
      List.of(
          "missing_",
          "value_",
          "moe_",
          "qwen35_",
          "tokenizer_",
          "merges_missing",
          "unknown_architecture",
          "block_count_as_f32",
          "eps_",
          "dims_swapped_gate",
          "tensor_count_0",
          "tensor_count_minus1",
          "tensor_name_missing");

  @TempDir Path folder;

  @TestFactory
  Stream<DynamicTest> shouldRefuse() {
    return cases(this::shouldRefuse);
  }

  /// What may be wrong with a file, one of the three readers sees.
  @TestFactory
  Stream<DynamicTest> shouldRefuseAsAModel() {
    return cases(this::shouldRefuseAsAModel);
  }

  private interface Check {
    void run(JsonNode edited) throws IOException;
  }

  private static Stream<DynamicTest> cases(Check check) {
    Optional<Path> list = Conformance.shared("gguf", "malformed_gguf.json");
    assumeTrue(list.isPresent(), "the larger collection is not there");
    return StreamSupport.stream(Conformance.json(list.get()).get("cases").spliterator(), false)
        .map(edited -> DynamicTest.dynamicTest(edited.get("id").asText(), () -> check.run(edited)));
  }

  private static boolean ofReaders(String id) {
    return OF_READERS.stream().anyMatch(id::startsWith) && !id.startsWith("value_type");
  }

  private void shouldRefuse(JsonNode edited) throws IOException {
    String id = edited.get("id").asText();
    byte[] content = MalformedGguf.content(edited);
    assertEquals(edited.get("result_size").asInt(), content.length);
    Path path = Files.write(folder.resolve(id + ".gguf"), content);
    boolean reject = edited.get("expect").asText().equals("reject");
    if (reject && !ofReaders(id)) {
      String message = assertThrows(UserException.class, () -> GgufFile.open(path)).getMessage();
      assertTrue(message.lines().count() == 1 && message.contains("; "), message);
      return;
    }
    try (GgufFile file = GgufFile.open(path)) {
      assertTrue(file.metadata().keys().size() > 0 || reject);
    } catch (UserException e) {
      assertEquals("either", edited.get("expect").asText(), e.getMessage());
    }
  }

  private void shouldRefuseAsAModel(JsonNode edited) throws IOException {
    String id = edited.get("id").asText();
    Path path = Files.write(folder.resolve(id + ".gguf"), MalformedGguf.content(edited));
    String expected = edited.get("expect").asText();
    try (GgufModel model = GgufModel.open(path, ModelFile.Hints.NONE)) {
      model.vocabulary().orElseThrow();
      // Another rule is better than none, and the user is told.
      boolean warned = model.warning().isPresent() && id.equals("tokenizer_pre_unknown");
      assertTrue(warned || !expected.equals("reject"), "not refused");
    } catch (NoSuchElementException e) {
      assertTrue(id.startsWith("tokenizer_"), "no tokenizer");
    } catch (UserException e) {
      String message = String.valueOf(e.getMessage());
      assertTrue(message.lines().count() == 1 && message.contains("; "), message);
      boolean known = !edited.get("base").asText().matches("qwen35.*");
      assertTrue(!known || !expected.equals("accept"), message);
    }
  }
}
