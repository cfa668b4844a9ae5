package dllama.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.format.DllamaFile;
import dllama.format.TokenizerFile;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Reason;
import dllama.generation.GenerationEvent.Token;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.sampling.Sampler;
import dllama.shard.EngineSettings;
import dllama.shard.LocalForwardPass;
import dllama.shard.ShardPlan;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Sampled generations and chat sessions of distributed-llama, token by token.
class GenerationConformanceTest {
  private final List<GenerationEvent> events = new ArrayList<>();

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
            generate(forwardPass, tokenizer, request, new Conversation());
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
            Conversation conversation = new Conversation();
            Generator generator = new Generator(forwardPass, tokenizer.vocabulary());
            for (JsonNode turn : golden.get("result")) {
              chat(tokenizer, sampler, conversation, generator, turn);
            }
          }
        });
  }

  private void chat(
      Tokenizer tokenizer,
      Sampler sampler,
      Conversation conversation,
      Generator generator,
      JsonNode turn) {
    assertEquals(turn.get("start_pos").asInt(), conversation.position());
    boolean start = conversation.position() == 0;
    int[] prompt = tokenizer.encode(turn.get("content").asText(), start, true);
    assertArrayEquals(Conformance.ints(turn.get("prompt_tokens")), prompt);
    var stopIds = Set.copyOf(tokenizer.vocabulary().eosIds());
    var request = new GenerationRequest(prompt, 1000, sampler, stopIds, List.of());
    events.clear();
    generator.run(request, conversation, events::add);
    assertArrayEquals(Conformance.ints(turn.get("generated")), tokens());
    // dllama lets overlong sequences through; as Java text they are replacement characters.
    String text = new String(Conformance.bytes(turn.get("text_hex")), StandardCharsets.UTF_8);
    assertEquals(text, text());
    assertEquals(turn.get("end_pos").asInt(), conversation.cached());
    Reason reason = turn.get("end").asText().equals("eos") ? Reason.STOP : Reason.CONTEXT;
    assertEquals(reason, assertInstanceOf(Finished.class, events.getLast()).reason());
  }

  private interface Session {
    void run(ForwardPass forwardPass, Tokenizer tokenizer);
  }

  private static void withModel(String model, Session session) {
    try (var file = DllamaFile.open(Conformance.file(model, "model.m"));
        var pool = new WorkerPool(1)) {
      ModelSpec spec = file.spec();
      Tokenizer tokenizer =
          new Tokenizer(TokenizerFile.read(Conformance.file(model, "tokenizer.t")));
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

  private void generate(
      ForwardPass forwardPass,
      Tokenizer tokenizer,
      GenerationRequest request,
      Conversation conversation) {
    events.clear();
    new Generator(forwardPass, tokenizer.vocabulary()).run(request, conversation, events::add);
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
