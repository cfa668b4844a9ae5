package dllama.prediction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.engine.EngineSettings;
import dllama.model.ModelSpec;
import dllama.model.Shapes;
import dllama.settings.Device;
import dllama.settings.Devices;
import dllama.settings.Link;
import dllama.slice.ShardPlan;
import dllama.slice.SliceLayout;
import dllama.tensor.DType;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PredictionTest {
  private static final EngineSettings ENGINE = new EngineSettings(DType.F16, 4096, 32);

  /// 1 GB of weights and 10 billion products per second; an exchange takes 1 ms and 0.5 ms more for
  /// each peer.
  private static final Device DEVICE =
      new Device(
          "test", 1L << 30, 4, 1e9, 1e10, Duration.ofMillis(1), Duration.ofNanos(500_000), true);

  private static final Link LINK = new Link("test", 8e7, Duration.ofMillis(2), false);

  private static ShardPlan plan(String shape, int nodes) {
    return new ShardPlan(Shapes.spec(shape, DType.Q4_0), DType.Q8_0, nodes);
  }

  private static Prediction predict(String shape, int nodes) {
    return Prediction.of(plan(shape, nodes), ENGINE, 32, DEVICE, LINK);
  }

  @ParameterizedTest
  @CsvSource({"llama3.2-1b,1", "llama3-8b,4", "qwen3-30b-a3b,2", "mixtral-8x7b,8"})
  void shouldTakeTheMemoryOfLayoutAndCache(String shape, int nodes) {
    ShardPlan plan = plan(shape, nodes);
    Prediction.Memory memory = predict(shape, nodes).memory();
    int kvHeads = plan.kvHeads(0).size();
    assertEquals(new SliceLayout(plan, 0).totalBytes(), memory.slice());
    ModelSpec spec = plan.spec();
    long values = 2L * spec.layers() * kvHeads * spec.headDim() * 4096;
    assertEquals(values * Short.BYTES, memory.cache());
    assertEquals(memory.slice() + memory.cache() + memory.process(), memory.total());
  }

  @Test
  void shouldFitWhatLeavesTheSystemATenth() {
    Prediction prediction = predict("llama3.2-1b", 1);
    long needed = prediction.memory().total();
    assertTrue(prediction.fits(withMemory((needed + 9) / 9 * 10 + 10)));
    assertFalse(prediction.fits(withMemory(needed / 9 * 10 - 10)));
  }

  private static Device withMemory(long bytes) {
    return new Device(
        "test", bytes, 4, 1e9, 1e10, Duration.ofMillis(1), Duration.ofMillis(1), true);
  }

  /// What section "Llama 3.2 1B" of docs/BENCHMARK-NOTES.md counted, but for the input row, which
  /// was F32 then, and for epochs of 4 bytes more in each of 33 frames.
  @Test
  void shouldCountTheBytesThatARootSent() {
    StepTraffic traffic = new StepTraffic(plan("llama3.2-1b", 2), 1, true);
    assertEquals(77.6 * 1024 - 2048 * 2 + 33 * 4, traffic.sentByRoot(), 100);
    long counted = (long) (320.1 * 1024) - 128256 / 2 * 4 + 33 * 4 + StepTraffic.LOGITS_BYTES;
    assertEquals(counted, traffic.receivedByRoot(), 100);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void shouldSendAsMuchAsItReceives(int nodes) {
    StepTraffic traffic = new StepTraffic(plan("llama3-8b", nodes), 3, true);
    long partials = (long) traffic.exchanges() * traffic.exchangeBytes();
    long workers = (nodes - 1) * partials + traffic.logitsBytes();
    assertEquals(traffic.sentByAll(), traffic.sentByRoot() + workers);
    assertEquals(nodes == 1, traffic.sentByAll() == 0);
  }

  /// Counted by hand: 1.236 billion multiply-adds and 695.1 MB of Q4_0 blocks, 0.973 billion of
  /// them in the layers.
  @Test
  void shouldCountTheWorkOfAToken() {
    RankWork work = RankWork.of(new SliceLayout(plan("llama3.2-1b", 1), 0));
    assertEquals(0.973e9, work.layerProducts(), 0.001e9);
    assertEquals(1.236e9, work.layerProducts() + work.outputProducts(), 0.001e9);
    assertEquals(695.1e6, work.layerBytes(1) + work.outputBytes(), 0.5e6);
    assertEquals(2.0 * 32 * 64 * 100 * 16, work.attentionProducts(100));
    assertEquals(2.0 * 8 * 64 * 2 * 100 * 16, work.cacheBytes(100, DType.F16));
  }

  /// Of Gemma 3 4B's 34 layers five see everything.
  @Test
  void shouldCountNoMoreThanTheWindowsOfLayersThatSlide() {
    RankWork work = RankWork.of(new SliceLayout(plan("gemma3-4b", 1), 0));
    double seen = 5 * 8000 + 29 * 1024;
    assertEquals(2.0 * 4 * 256 * 2 * seen, work.cacheBytes(8000, DType.F16));
    assertEquals(2.0 * 8 * 256 * seen, work.attentionProducts(8000));
    assertEquals(2.0 * 8 * 256 * 34 * 1000, work.attentionProducts(1000));
  }

  /// 24 of 32 layers have 32 value heads with a matrix of 128 × 128 each.
  @Test
  void shouldCountTheStatesOfDeltaNetworks() {
    ShardPlan plan = plan("qwen3.5-4b", 1);
    RankWork work = RankWork.of(new SliceLayout(plan, 0));
    double elements = 24.0 * 32 * 128 * 128;
    assertEquals(4 * elements, work.stateProducts());
    double latest = 24.0 * 3 * (2 * 16 + 32) * 128; // inputs of convolutions
    assertEquals(2 * 4 * (elements + latest), work.stateBytes());
    Prediction one = Prediction.of(plan, ENGINE, 32, DEVICE, LINK);
    double kv = work.cacheBytes(33, ENGINE.kv());
    assertEquals((work.stateBytes() + kv) / 1e6, one.token().attention(), 1e-6);
    RankWork half = RankWork.of(new SliceLayout(plan("qwen3.5-4b", 2), 0));
    assertEquals(work.stateProducts() / 2, half.stateProducts());
    assertEquals(0, RankWork.of(new SliceLayout(plan("llama3.2-1b", 1), 0)).stateBytes());
  }

  @Test
  void shouldReadTheExpertsThatAreChosen() {
    ModelSpec spec = Shapes.spec("qwen3-30b-a3b", DType.Q4_0);
    RankWork work = RankWork.of(new SliceLayout(plan("qwen3-30b-a3b", 1), 0));
    double active = (double) spec.activeExperts() / spec.experts();
    assertEquals(work.commonBytes() + work.expertBytes() * active, work.layerBytes(1), 1);
    assertTrue(work.layerBytes(2) < 2 * work.layerBytes(1));
    assertEquals(work.commonBytes() + work.expertBytes(), work.layerBytes(4000), 1);
    long ofAll = 3L * spec.dim() * spec.ffnDim() * spec.experts() * spec.layers();
    assertEquals(ofAll, work.expertProducts());
  }

  @Test
  void shouldAddUpTheTimesOfAToken() {
    Prediction one = predict("llama3.2-1b", 1);
    RankWork work = RankWork.of(new SliceLayout(one.plan(), 0));
    assertEquals(work.layerBytes(1) / 1e6, one.token().read(), 1e-6);
    assertEquals(work.outputBytes() / 1e6, one.token().logits(), 1e-6);
    assertEquals(0, one.token().exchange());
    assertEquals(0, one.loadMs());
    assertEquals(1000 / one.token().total(), one.tokensPerSecond());
    Prediction two = predict("llama3.2-1b", 2);
    assertEquals(one.token().read() / 2, two.token().read(), one.token().read() * 0.01);
    double waits = 33 * (1 + 0.5 + 2) + 2;
    double wire = two.traffic().sentByRoot() + two.traffic().logitsBytes();
    assertEquals(waits + wire / LINK.bytesPerSecond() * 1000, two.token().exchange(), 1e-6);
    assertEquals(two.memory().slice() / LINK.bytesPerSecond() * 1000, two.loadMs(), 1e-6);
  }

  @Test
  void shouldSendOneAfterTheOtherInTheAir() {
    Link air = new Link("air", LINK.bitsPerSecond(), LINK.latency(), true);
    ShardPlan plan = plan("llama3.2-1b", 4);
    double wire = Prediction.of(plan, ENGINE, 32, DEVICE, LINK).token().exchange();
    double shared = Prediction.of(plan, ENGINE, 32, DEVICE, air).token().exchange();
    StepTraffic traffic = new StepTraffic(plan, 1, true);
    double more = 3.0 * traffic.exchanges() * traffic.exchangeBytes() / LINK.bytesPerSecond();
    assertEquals(more * 1000, shared - wire, 1e-6);
  }

  @Test
  void shouldComputePromptsBatchByBatch() {
    ShardPlan plan = plan("llama3.2-1b", 2);
    double whole = Prediction.of(plan, ENGINE, 64, DEVICE, LINK).promptMs();
    double first = Prediction.of(plan, ENGINE, 32, DEVICE, LINK).promptMs();
    assertTrue(whole > 1.9 * first && whole < 2.1 * first, whole + " " + first);
    double single = Prediction.of(plan, ENGINE, 1, DEVICE, LINK).promptMs();
    double token = Prediction.of(plan, ENGINE, 0, DEVICE, LINK).token().total();
    assertEquals(token, single, token * 0.001);
  }

  /// On a slow link all of the computing but a twentieth is done meanwhile, on a quick one half of
  /// the way of partials.
  @Test
  void shouldTakeTheLongerOfComputingAndSendingInHalves() {
    ShardPlan plan = plan("llama3.2-1b", 2);
    double bytes = 1000.0 * new StepTraffic(plan, 32, true).sentByRoot();
    double computing = prompt(plan, new Link("endless", 1e15, Duration.ZERO, false));
    Link slow = new Link("slow", 8e5, Duration.ZERO, false);
    double sent = bytes / slow.bytesPerSecond();
    assertTrue(prompt(plan, slow) > sent);
    assertEquals(sent, prompt(plan, slow), 0.1 * computing);
    Link quick = new Link("quick", 1e8, Duration.ZERO, false);
    double waited = prompt(plan, quick) - computing;
    assertTrue(waited > 0 && waited < 0.6 * bytes / quick.bytesPerSecond(), () -> "ms=" + waited);
  }

  /// Of 32 tokens, in ms.
  private static double prompt(ShardPlan plan, Link link) {
    return Prediction.of(plan, ENGINE, 32, DEVICE, link).promptMs();
  }

  @Test
  void shouldCountTheFramesOfBothHalves() {
    ShardPlan plan = plan("llama3.2-1b", 2);
    long whole = new StepTraffic(plan, 15, true).exchangeBytes();
    long halves = new StepTraffic(plan, 16, true).exchangeBytes();
    assertEquals(2048 / 32 * 34 + StepTraffic.FRAME_BYTES, halves - whole);
  }

  /// A node of the machine of docs/BENCHMARK-NOTES.md, by the device that stands for it: of its two
  /// figures the first shape gave both, the second neither.
  @ParameterizedTest
  @CsvSource({"llama3.2-1b,23.7,117", "mixtral-8x7b,250,9.4"})
  void shouldTellWhatWasMeasured(String shape, double msPerToken, double prefillPerSecond) {
    Devices known = Devices.load(Optional.empty());
    Device vm = known.device("benchmark-vm");
    Prediction prediction = Prediction.of(plan(shape, 1), ENGINE, 32, vm, known.link("loopback"));
    assertEquals(msPerToken, prediction.token().total(), msPerToken * 0.1);
    assertEquals(prefillPerSecond, prediction.promptTokensPerSecond(), prefillPerSecond * 0.2);
  }
}
