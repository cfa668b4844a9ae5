package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.Shapes;
import dllama.session.LoadedModel;
import dllama.settings.ModelSettings;
import dllama.settings.Settings;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// docs/MODELS.md says what the code knows.
class ModelsDocTest {
  private static final ModelSettings SETTINGS =
      Settings.load(Optional.empty(), new Properties(), List.of()).model();

  private static String doc() throws IOException {
    return Files.readString(Path.of("docs", "MODELS.md"));
  }

  @Test
  void shouldNameEveryArchitecture() throws IOException {
    for (Architecture architecture : Architecture.all()) {
      assertTrue(doc().contains("| `" + architecture.name() + "` |"), architecture.name());
    }
  }

  @Test
  void shouldTellTheMemoryOfEveryShape() throws IOException {
    String expected = Shapes.names().stream().map(ModelsDocTest::row).collect(Collectors.joining());
    assertTrue(doc().contains(expected), expected);
  }

  /// Shape, parameters in billions, and GiB on the node with the most for 1, 2, 4, 8 nodes; the
  /// most nodes.
  private static String row(String shape) {
    ModelSpec spec = Shapes.spec(shape, DType.Q4_0);
    String memory =
        IntStream.of(1, 2, 4, 8)
            .mapToObj(nodes -> cell(shape, spec, nodes))
            .collect(Collectors.joining(" | "));
    int most = ShardPlan.usableWorldSizes(spec, DType.Q8_0).getLast();
    return "| `%s` | `%s` | %s | %d: %s |\n"
        .formatted(shape, spec.architecture().name(), memory, most, cell(shape, spec, most));
  }

  private static String cell(String shape, ModelSpec spec, int nodes) {
    LoadedModel model = LoadedModel.random(shape, spec, 1, SETTINGS);
    if (ShardPlan.objection(spec, model.exchange(), nodes).isPresent()) {
      return "no";
    }
    double gib = model.nodeBytes(nodes) / (double) (1 << 30);
    return String.format(Locale.ROOT, "%.2f", gib);
  }

  /// Weights that are cut in half take half, norms and what else every node has aside, as do caches
  /// as long as no kv head is shared.
  @Test
  void shouldHalveTheMemoryWithTwiceTheNodes() {
    for (String shape : Shapes.names()) {
      ModelSpec spec = Shapes.spec(shape, DType.Q4_0);
      LoadedModel model = LoadedModel.random(shape, spec, 1, SETTINGS);
      long one = model.nodeBytes(1);
      for (int nodes : ShardPlan.usableWorldSizes(spec, model.exchange())) {
        if (nodes <= Math.min(8, spec.kvHeads())) {
          double share = (double) model.nodeBytes(nodes) / one;
          assertEquals(1.0 / nodes, share, 0.03 / nodes + 0.02, shape + " on " + nodes);
        }
      }
    }
  }
}
