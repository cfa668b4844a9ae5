package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.Conformance;
import dllama.FreePort;
import dllama.format.SynthModel;
import dllama.format.dllama.DllamaFile;
import dllama.format.hf.HfFolders;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.Shapes;
import dllama.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A folder of Hugging Face's, run by real processes: rounded while it is streamed.
class HfFolderIT {
  @TempDir static Path folder;

  private final List<NodeProcess> processes = new ArrayList<>();

  @BeforeAll
  static void write() throws IOException {
    Path made = folder.resolve("made.m");
    ModelSpec spec = Shapes.spec("tiny", DType.F32);
    SynthModel.write(made, spec, 8, (bytes, total) -> {});
    try (DllamaFile file = DllamaFile.open(made)) {
      Path hf = folder.resolve("hf");
      HfFolders.write(hf, new ModelSource.Weights(spec, file.weights()), DType.BF16, 3, Map.of());
      HfFolders.writeTokenizer(hf);
    }
  }

  @AfterEach
  void killAll() {
    processes.forEach(NodeProcess::close);
  }

  @Test
  void shouldAnswerAlikeOnAnyNumberOfNodesAndKeepSlices() throws IOException {
    int[] alone = tokens(1, "q40");
    assertEquals(24, alone.length);
    assertArrayEquals(alone, tokens(2, "q40"));
    assertTrue(last().err().stream().noneMatch(line -> line.contains("from the cache")));
    assertArrayEquals(alone, tokens(4, "q40"));
    assertArrayEquals(alone, tokens(1, "q40"));
    assertTrue(last().err().stream().anyMatch(line -> line.contains("s from the cache")));
    // Another type is another slice.
    tokens(1, "q80");
    assertTrue(last().err().stream().noneMatch(line -> line.contains("from the cache")));
  }

  private NodeProcess last() {
    return processes.getLast();
  }

  /// Asks a cluster of so many nodes.
  private int[] tokens(int nodes, String type) throws IOException {
    int port = FreePort.find();
    List<NodeProcess> workers = NodeProcess.workers(port, nodes - 1);
    processes.addAll(workers);
    Path hf = folder.resolve("hf");
    NodeProcess root =
        NodeProcess.lightRoot(
            port,
            nodes,
            NodeProcess.inference(
                hf,
                hf,
                "he said",
                24,
                "--ignore-eos",
                "--weights-float-type",
                type,
                "--buffer-float-type",
                "f32",
                "-Ddllama.weights.cache-limit=1GiB",
                "-Ddllama.weights.cache-dir=" + folder.resolve("cache")));
    processes.add(root);
    assertEquals(0, root.exit(NodeProcess.FORM), root::toString);
    workers.forEach(NodeProcess::close);
    String json = String.join("\n", root.out());
    return Conformance.ints(new ObjectMapper().readTree(json).get("tokens"));
  }
}
