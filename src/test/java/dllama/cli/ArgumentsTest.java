package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.settings.Mode;
import dllama.settings.Role;
import dllama.settings.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArgumentsTest {
  @Test
  void shouldReadModesAndOptionsOnBothSides() {
    Settings settings =
        settings(
            "--role",
            "root",
            "--threads",
            "3",
            "inference",
            "--prompt",
            "Hi there",
            "--steps=5",
            "--ignore-eos",
            "--seed",
            "7");
    assertEquals(Role.ROOT, settings.role());
    assertEquals(Mode.INFERENCE, settings.mode());
    assertEquals(3, settings.cluster().threads());
    assertEquals(
        new Settings.Inference("Hi there", Optional.empty(), 5, true), settings.inference());
    assertEquals(Optional.of(7L), settings.sampler().seed());
  }

  @Test
  void shouldReadListsAndProperties() {
    assertEquals(List.of(1, 2, 3), settings("logits", "--tokens", "1,2,3").logits().tokens());
    assertEquals(List.of(32, 512), settings("bench", "--prefill", "32,512").bench().prefill());
    Settings worker =
        settings("--role", "worker", "--seed-node", "a", "--seed-node", "b:1", "-Ddllama.port=5");
    assertEquals(2, worker.cluster().seedNodes().size());
    assertEquals(5, worker.cluster().port());
  }

  @Test
  void shouldKnowASettingForEveryOption() {
    List<OptionRow> rows = new ArrayList<>(Options.NODE);
    for (Command command : Command.values()) {
      rows.addAll(command.options());
    }
    for (OptionRow row : rows) {
      // A list or an object in place of a value is refused by every known key, but differently.
      Settings.Option option = new Settings.Option("--x", row.key() + ".x", "1");
      String message =
          assertThrows(
                  UserException.class,
                  () -> Settings.load(Optional.empty(), new Properties(), List.of(option)))
              .getMessage();
      assertTrue(message.contains("nearest known one is dllama." + row.key()), message);
    }
  }

  @Test
  void shouldRaiseTheLogLevel() {
    assertEquals("warn", settings().logLevel());
    assertEquals("info", settings("-v").logLevel());
    assertEquals("debug", settings("-vv").logLevel());
  }

  @ParameterizedTest
  @CsvSource({
    "--thread 2, unknown option --thread; did you mean --threads?",
    "--nnodes=2, unknown option --nnodes; did you mean --nodes?",
    "inferense, unknown command inferense; did you mean inference?",
    "synth --shap tiny, unknown option --shap; did you mean --shape?",
    "xyzzy, unknown command xyzzy; --help shows what there is",
  })
  void shouldNameTheNearestKnownWord(String line, String expected) {
    UserException e = assertThrows(UserException.class, () -> Arguments.parse(line.split(" ")));
    assertEquals(expected, e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"--threads", "--threads 1 --threads 2", "--seed", "-D"})
  void shouldRefuseIncompleteAndRepeatedOptions(String line) {
    UserException e = assertThrows(UserException.class, () -> Arguments.parse(line.split(" ")));
    assertEquals(1, String.valueOf(e.getMessage()).lines().count(), e.getMessage());
  }

  @Test
  void shouldTakeAKeyFromTheEnvironmentUnlessOneIsGiven() {
    Arguments none = Arguments.parse("api").orElseThrow();
    assertEquals(
        List.of("a"),
        none.settings(new Properties(), Map.of(Arguments.API_KEY_VARIABLE, "a")).api().keys());
    Arguments given = Arguments.parse("api", "--api-key", "b").orElseThrow();
    assertEquals(
        List.of("b"),
        given.settings(new Properties(), Map.of(Arguments.API_KEY_VARIABLE, "a")).api().keys());
  }

  private static Settings settings(String... args) {
    return Arguments.parse(args).orElseThrow().settings(new Properties());
  }
}
