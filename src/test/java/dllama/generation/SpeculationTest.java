package dllama.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
import dllama.model.Shapes;
import dllama.sampling.Sampler;
import dllama.slice.ShardPlan;
import dllama.slice.TinyModel;
import dllama.step.ForwardPass;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What is generated with guesses is what is generated without, event by event.
class SpeculationTest {
  private static final int CONTEXT = 96;
  private static final Vocabulary NO_TEXT =
      new Vocabulary(new byte[][] {{}}, new float[1], -1, List.of(), false, null);

  /// Guesses what the plain run gave, but for every so-many-th token.
  private record Oracle(List<Integer> answer, int wrongEvery, int[] at) implements Drafter {
    Oracle(List<Integer> answer, int wrongEvery) {
      this(answer, wrongEvery, new int[1]);
    }

    @Override
    public void begin(int[] tokens) {
      at[0] = 0;
    }

    @Override
    public void follow(int token) {
      at[0]++;
    }

    @Override
    public int[] draft(int max) {
      int to = Math.min(answer.size(), at[0] + max);
      int[] guess = new int[Math.max(0, to - at[0])];
      for (int i = 0; i < guess.length; i++) {
        int index = at[0] + i;
        guess[i] = answer.get(index) ^ (index % wrongEvery == wrongEvery - 1 ? 1 : 0);
      }
      return guess;
    }
  }

  private record Result(List<Token> tokens, Finished ending) {
    List<Integer> ids() {
      return tokens.stream().map(Token::id).toList();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama31_rope_f32, F32, 1",
    "llama31_rope_f32, F32, 2",
    "llama31_rope_f32, F32, 4",
    "llama31_rope_f32, Q8_0, 1",
    "llama31_rope_f32, Q8_0, 2",
    "llama31_rope_f32, Q8_0, 4",
    "qwen3_f32, F32, 2",
    "mixtral_f32, Q8_0, 2",
    "grok1_f32, F32, 2",
  })
  @Tag("slow")
  void shouldGiveThePlainAnswer(String modelCase, DType exchange, int nodes) {
    withModel(modelCase, exchange, nodes, this::compare);
  }

  /// What a wrong guess has left in a state is not gone on from.
  @ParameterizedTest
  @CsvSource({"F32, 1", "F32, 2", "Q8_0, 2"})
  @Tag("slow")
  void shouldGiveThePlainAnswerWithStates(DType exchange, int nodes) {
    ModelSpec shape = Shapes.spec("qwen3.5-4b", DType.Q4_0);
    var tiny = TinyModel.of(new ShardPlan(shape, DType.F32, 4), 4, 2048);
    byte[][] pieces = new byte[tiny.vocabSize()][];
    Arrays.setAll(pieces, token -> (token + " ").getBytes(StandardCharsets.UTF_8));
    var vocabulary =
        new Vocabulary(pieces, new float[tiny.vocabSize()], -1, List.of(), false, null);
    int[] prompt = IntStream.range(0, 20).map(i -> 5 * i % 7).toArray();
    withModel(
        new ModelSource.Random(tiny, 7),
        exchange,
        nodes,
        forwardPass -> compare(new Model(forwardPass, vocabulary, List.of(prompt))));
  }

  private void compare(Model model) {
    for (int[] prompt : model.prompts) {
      var whole = request(prompt, 200, Set.of(), List.of());
      Result plain = run(model, Speculation.off(), whole);
      assertEquals(Reason.CONTEXT, plain.ending.reason());
      List<Speculation> all = new ArrayList<>();
      all.add(Speculation.always());
      all.add(Speculation.auto());
      for (int wrongEvery : new int[] {1, 2, 5, 1000}) {
        all.add(Speculation.unpaced(new Oracle(plain.ids(), wrongEvery)));
      }
      for (Speculation speculation : all) {
        assertSame(plain, run(model, speculation, whole));
      }
      var right = Speculation.unpaced(new Oracle(plain.ids(), 1000));
      Usage usage = run(model, right, whole).ending.usage();
      assertTrue(usage.guesses().accepted() > usage.decodeSteps());
      compareEndings(model, prompt, plain);
    }
  }

  /// Limits, stop tokens, stop strings and a sink that wants no more, in the middle of a run of
  /// guesses that hold.
  private void compareEndings(Model model, int[] prompt, Result plain) {
    Drafter oracle = new Oracle(plain.ids(), 1000);
    for (int at = 1; at < 14; at++) {
      String stop = plain.tokens.get(at).text();
      Set<Integer> stopIds = Set.of(plain.tokens.get(at).id());
      for (GenerationRequest request :
          List.of(
              request(prompt, at, Set.of(), List.of()),
              request(prompt, 60, stopIds, List.of()),
              request(prompt, 60, Set.of(), List.of(stop.isEmpty() ? "never" : stop)))) {
        Result expected = run(model, Speculation.off(), request);
        assertSame(expected, run(model, Speculation.unpaced(oracle), request));
      }
      var request = request(prompt, 60, Set.of(), List.of());
      Result cut = run(model, Speculation.off(), request, at);
      assertEquals(Reason.CANCELLED, cut.ending.reason());
      assertSame(cut, run(model, Speculation.unpaced(oracle), request, at));
    }
  }

  private static void assertSame(Result expected, Result actual) {
    assertEquals(expected.tokens, actual.tokens);
    assertEquals(expected.ending.reason(), actual.ending.reason());
    Usage usage = actual.ending.usage();
    assertEquals(expected.ending.usage().tokens(), usage.tokens());
    assertEquals(expected.ending.usage().decodeTokens(), usage.decodeTokens());
    assertTrue(usage.decodeSteps() + usage.guesses().accepted() >= usage.decodeTokens());
    assertTrue(usage.guesses().accepted() <= usage.guesses().proposed());
  }

  /// The cache is what it would have been: a question more is answered alike.
  @Test
  void shouldGoOnAfterGuessesThatFailed() {
    withModel(
        "llama31_rope_f32",
        DType.F32,
        2,
        model -> {
          int[] prompt = model.prompts.getFirst();
          int[] more = Arrays.copyOf(prompt, prompt.length + 14);
          List<List<Integer>> answers = new ArrayList<>();
          for (Speculation speculation :
              List.of(
                  Speculation.off(),
                  Speculation.unpaced(new Oracle(List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), 2)),
                  Speculation.always())) {
            try (var scheduler = new Scheduler(model.forwardPass, model.vocabulary, 1)) {
              Answers first = new Answers();
              scheduler.submit(request(prompt, 11, speculation), first).join();
              for (int i = 0; i < 14; i++) {
                more[prompt.length + i] = i < 11 ? first.ids().get(i) : 5 * i % 40;
              }
              Answers second = new Answers();
              scheduler.submit(request(more, 11, speculation), second).join();
              assertEquals(prompt.length + 10, second.finished().usage().cachedTokens());
              answers.add(second.ids());
            }
          }
          assertEquals(answers.get(0), answers.get(1));
          assertEquals(answers.get(0), answers.get(2));
        });
  }

  @Test
  void shouldTakeFewerStepsWhereGuessesHold() {
    var model = new ScriptedForwardPass(64, 16);
    List<Integer> answer = new ArrayList<>();
    for (int token = 1; token < 30; token++) {
      answer.add(token);
    }
    var speculation = Speculation.unpaced(new Oracle(answer, 1000));
    Usage usage =
        Answers.of(model, NO_TEXT, request(new int[] {0}, 19, speculation))
            .getFirst()
            .finished()
            .usage();
    assertEquals(2, usage.decodeSteps());
    assertEquals(18, usage.decodeTokens());
    assertEquals(new Usage.Guesses(16, 16), usage.guesses());
    assertArrayEquals(
        new int[] {1, 9, 9}, model.runs.stream().mapToInt(b -> b.wanted().rows()).toArray());
  }

  @Test
  void shouldNotGuessWhereTokensAreDrawn() {
    var model = new ScriptedForwardPass(64, 16);
    var request =
        new GenerationRequest(
            new int[] {0, 1, 2, 0, 1},
            19,
            Sampler.of(0.5f, 0.9f, 1),
            Set.of(),
            List.of(),
            Speculation.always());
    Answers.of(model, NO_TEXT, request);
    assertTrue(model.runs.stream().skip(1).allMatch(batch -> batch.tokens().length == 1));
  }

  private static GenerationRequest request(int[] prompt, int maxTokens, Speculation speculation) {
    return new GenerationRequest(
        prompt, maxTokens, new Sampler.Greedy(), Set.of(), List.of(), speculation);
  }

  private static GenerationRequest request(
      int[] prompt, int maxTokens, Set<Integer> stopIds, List<String> stops) {
    return new GenerationRequest(prompt, maxTokens, new Sampler.Greedy(), stopIds, stops);
  }

  private static Result run(Model model, Speculation speculation, GenerationRequest request) {
    return run(model, speculation, request, Integer.MAX_VALUE);
  }

  /// @param tokens after which the sink wants no more
  private static Result run(
      Model model, Speculation speculation, GenerationRequest request, int tokens) {
    Answers answer = new Answers();
    try (var scheduler = new Scheduler(model.forwardPass, model.vocabulary, 1)) {
      var guessing =
          new GenerationRequest(
              request.prompt(),
              request.maxTokens(),
              request.sampler(),
              request.stopIds(),
              request.stops(),
              speculation);
      scheduler
          .submit(guessing, event -> answer.accept(event) && answer.tokens().size() < tokens)
          .join();
    }
    return new Result(answer.tokens(), answer.finished());
  }

  private record Model(ForwardPass forwardPass, Vocabulary vocabulary, List<int[]> prompts) {}

  private static void withModel(
      String modelCase, DType exchange, int nodes, Consumer<Model> action) {
    try (var file = DllamaFile.open(Conformance.file(modelCase, "model.m"))) {
      ModelSpec spec = file.spec();
      List<int[]> prompts = new ArrayList<>();
      for (JsonNode prompt : Conformance.golden(modelCase).get("prompts")) {
        prompts.add(Conformance.ints(prompt.get("prompt_tokens")));
      }
      Vocabulary vocabulary = TokenizerFile.read(Conformance.file(modelCase, "tokenizer.t"));
      withModel(
          new ModelSource.Weights(spec, file.weights()),
          exchange,
          nodes,
          forwardPass -> action.accept(new Model(forwardPass, vocabulary, prompts)));
    }
  }

  private static void withModel(
      ModelSource source, DType exchange, int nodes, Consumer<ForwardPass> action) {
    ModelSpec spec = source.spec();
    try (var pool = new WorkerPool(1);
        var forwardPass =
            new LocalForwardPass(
                source,
                new ShardPlan(spec, exchange, nodes),
                new EngineSettings(DType.F32, Math.min(CONTEXT, spec.contextLength()), 16),
                Kernels.choose(true),
                pool)) {
      action.accept(forwardPass);
    }
  }
}
