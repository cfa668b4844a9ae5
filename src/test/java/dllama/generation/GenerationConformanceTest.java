package dllama.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.engine.EngineSettings;
import dllama.engine.LocalForwardPass;
import dllama.format.dllama.DllamaFile;
import dllama.format.dllama.TokenizerFile;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Reason;
import dllama.generation.GenerationEvent.Token;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.sampling.Sampler;
import dllama.slice.ShardPlan;
import dllama.step.ForwardPass;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import dllama.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Sampled generations and chat sessions of distributed-llama, token by token.
class GenerationConformanceTest {
  private final List<GenerationEvent> events = new ArrayList<>();

  /// Tokens of the chat so far.
  private int[] said = {};

  @ParameterizedTest
  @ValueSource(strings = {"llama_gqa_f32", "qwen3_f32"})
  void shouldSampleTheRecordedTokens(String model) {
    withModel(
        model,
        (forwardPass, tokenizer) -> {
          int cases = 0;
          for (JsonNode golden : cases("e2e_sampling", model)) {
            int[] prompt = tokenizer.encode(golden.get("prompt").asText(), true, true);
            assertArrayEquals(Conformance.ints(golden.get("prompt_tokens")), prompt);
            int[] expected = Conformance.ints(golden.get("generated"));
            var request =
                new GenerationRequest(
                    prompt, expected.length, sampler(golden), Set.of(), List.of());
            events.clear();
            events.addAll(
                Answers.of(forwardPass, tokenizer.vocabulary(), request).getFirst().events);
            // Behind this token two builds of the recorded program differ from each other.
            int same = golden.at("/first_diff_scalar_build").asInt(expected.length);
            assertArrayEquals(
                Arrays.copyOf(expected, same), Arrays.copyOf(tokens(), same), describe(golden));
            cases++;
          }
          assertTrue(cases > 0);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama_gqa_f32", "llama31_rope_f32", "qwen3_f32"})
  void shouldChatAsRecorded(String model) {
    withModel(
        model,
        (forwardPass, tokenizer) -> {
          for (JsonNode golden : cases("e2e_chat", model)) {
            Sampler sampler = sampler(golden);
            said = new int[0];
            try (var scheduler = new Scheduler(forwardPass, tokenizer.vocabulary(), 1)) {
              for (JsonNode turn : golden.get("result")) {
                chat(tokenizer, sampler, scheduler, turn);
              }
            }
          }
        });
  }

  private void chat(Tokenizer tokenizer, Sampler sampler, Scheduler scheduler, JsonNode turn) {
    assertEquals(turn.get("start_pos").asInt(), said.length);
    int[] prompt = tokenizer.encode(turn.get("content").asText(), said.length == 0, true);
    assertArrayEquals(Conformance.ints(turn.get("prompt_tokens")), prompt);
    var stopIds = Set.copyOf(tokenizer.vocabulary().eosIds());
    var request = new GenerationRequest(joined(said, prompt), 1000, sampler, stopIds, List.of());
    events.clear();
    scheduler.submit(request, events::add).join();
    assertArrayEquals(Conformance.ints(turn.get("generated")), tokens());
    // dllama lets overlong sequences through; as Java text they are replacement characters.
    String text = new String(Conformance.bytes(turn.get("text_hex")), StandardCharsets.UTF_8);
    assertEquals(text, text());
    said =
        joined(
            request.prompt(), IntStream.of(tokens()).filter(t -> !stopIds.contains(t)).toArray());
    assertEquals(turn.get("end_pos").asInt(), Math.min(said.length, scheduler.contextLength()));
    Reason reason = turn.get("end").asText().equals("eos") ? Reason.STOP : Reason.CONTEXT;
    assertEquals(reason, assertInstanceOf(Finished.class, events.getLast()).reason());
  }

  private static int[] joined(int[] first, int[] then) {
    return IntStream.concat(IntStream.of(first), IntStream.of(then)).toArray();
  }

  private interface Session {
    void run(ForwardPass forwardPass, Tokenizer tokenizer);
  }

  private static void withModel(String model, Session session) {
    try (var file = DllamaFile.open(Conformance.file(model, "model.m"));
        var pool = new WorkerPool(1)) {
      ModelSpec spec = file.spec();
      Tokenizer tokenizer =
          Tokenizer.of(TokenizerFile.read(Conformance.file(model, "tokenizer.t")));
      try (var forwardPass =
          new LocalForwardPass(
              new ModelSource.Weights(spec, file.weights()),
              new ShardPlan(spec, DType.F32, 2),
              new EngineSettings(DType.F32, spec.contextLength(), 16),
              Kernels.choose(true),
              pool)) {
        session.run(forwardPass, tokenizer);
      }
    }
  }

  private static List<JsonNode> cases(String directory, String model) {
    List<JsonNode> cases = new ArrayList<>();
    for (JsonNode golden : Conformance.golden(directory).get("cases")) {
      if (golden.get("model").asText().equals(model)) {
        cases.add(golden);
      }
    }
    return cases;
  }

  private static Sampler sampler(JsonNode golden) {
    return Sampler.of(
        (float) golden.get("temperature").asDouble(),
        (float) golden.get("topp").asDouble(),
        golden.get("seed").asLong());
  }

  private static String describe(JsonNode golden) {
    return "temperature %s topp %s seed %s"
        .formatted(golden.get("temperature"), golden.get("topp"), golden.get("seed"));
  }

  private int[] tokens() {
    return events.stream()
        .filter(Token.class::isInstance)
        .mapToInt(event -> ((Token) event).id())
        .toArray();
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    for (GenerationEvent event : events) {
      if (event instanceof Token token) {
        text.append(token.text());
      }
    }
    return text.toString();
  }
}
