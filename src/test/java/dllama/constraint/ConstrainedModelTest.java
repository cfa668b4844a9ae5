package dllama.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.engine.EngineSettings;
import dllama.engine.LocalForwardPass;
import dllama.format.BuiltInModel;
import dllama.format.file.ModelFile;
import dllama.format.file.ModelFile.Hints;
import dllama.generation.Generation;
import dllama.generation.GenerationEvent;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Token;
import dllama.generation.GenerationRequest;
import dllama.generation.Guidance;
import dllama.generation.Scheduler;
import dllama.generation.Speculation;
import dllama.model.ModelSource;
import dllama.sampling.Penalties;
import dllama.sampling.Sampler;
import dllama.sampling.SamplingParameters;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Whole answers of a model: it knows nothing of JSON, and writes it nevertheless.
@Tag("slow")
class ConstrainedModelTest {
  private static final JsonNode SCHEMA =
      Schemas.read(
          """
          {"type": "object", "properties": {
            "name": {"type": "string", "maxLength": 12},
            "kind": {"enum": ["cat", "dog", "bird"]},
            "legs": {"type": "integer", "minimum": 0, "maximum": 4},
            "likes": {"type": "array", "items": {"type": "string", "maxLength": 8}, "maxItems": 3}},
           "required": ["name", "kind", "legs", "likes"], "additionalProperties": false}
          """);

  @Test
  void shouldAnswerInTheFormOfTheSchema() {
    try (ModelFile file = BuiltInModel.model(Hints.NONE);
        var pool = new WorkerPool(1);
        var forwardPass =
            new LocalForwardPass(
                new ModelSource.Weights(file.spec(), file.weights()),
                new ShardPlan(file.spec(), DType.F32, 2),
                new EngineSettings(DType.F32, 256, 16),
                Kernels.choose(true),
                pool)) {
      Vocabulary vocabulary = file.vocabulary().orElseThrow();
      int[] prompt = Tokenizer.of(vocabulary).encode("Tell me of a cat.", true, true);
      TokenTrie trie = TokenTrie.of(vocabulary);
      Grammar grammar = Grammar.json(JsonSchema.parse(SCHEMA));
      try (var scheduler = new Scheduler(forwardPass, vocabulary, 4)) {
        List<List<GenerationEvent>> events = new ArrayList<>();
        List<Generation> generations = new ArrayList<>();
        for (int seed = 0; seed < 8; seed++) {
          events.add(new CopyOnWriteArrayList<>());
          var guidance =
              new Guidance(
                  Penalties.NONE, Map.of(), trie.mask(grammar, prompt[prompt.length - 1]), -1);
          // Greedy, and with ever more chance.
          var sampler = Sampler.of(new SamplingParameters(0.5f * seed, 1), seed);
          // With end tokens and without: then the answer ends where nothing may follow.
          var ends = seed % 2 == 0 ? new HashSet<>(vocabulary.eosIds()) : new HashSet<Integer>();
          generations.add(
              scheduler.submit(
                  new GenerationRequest(
                      prompt, 200, sampler, ends, List.of(), Speculation.off(), guidance),
                  events.getLast()::add));
        }
        generations.forEach(Generation::join);
        events.forEach(ConstrainedModelTest::check);
      }
    }
  }

  private static void check(List<GenerationEvent> events) {
    StringBuilder text = new StringBuilder();
    for (GenerationEvent event : events) {
      text.append(event instanceof Token token ? token.text() : "");
    }
    assertTrue(
        events.getLast() instanceof Finished finished
            && finished.reason() == GenerationEvent.Reason.STOP,
        events.getLast() + " after " + text);
    assertEquals(List.of(), Schemas.faults(SCHEMA, Schemas.read(text.toString())), text.toString());
  }
}
