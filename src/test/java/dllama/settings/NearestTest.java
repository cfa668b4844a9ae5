package dllama.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NearestTest {
  @Test
  void shouldFindTheFewestEdits() {
    List<String> names = List.of("--threads", "--tokenizer", "--topp", "--temperature");
    assertEquals(Optional.of("--threads"), Nearest.of("--nthreads", names));
    assertEquals(Optional.of("--topp"), Nearest.of("--top-p", names));
    assertEquals(Optional.of("--temperature"), Nearest.of("--temprature", names));
  }

  @Test
  void shouldNotGuessWildly() {
    assertEquals(Optional.empty(), Nearest.of("xyzzy", List.of("chat", "bench")));
    assertEquals(Optional.empty(), Nearest.of("anything", List.of()));
  }
}
