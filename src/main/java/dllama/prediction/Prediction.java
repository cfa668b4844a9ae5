package dllama.prediction;

import dllama.engine.EngineSettings;
import dllama.engine.Halves;
import dllama.engine.ShardEngine;
import dllama.settings.Device;
import dllama.settings.Link;
import dllama.slice.ShardPlan;
import dllama.slice.SliceLayout;

/// What a world would need and how fast it would be: a pure function of plan, device and link.
///
/// All nodes are alike, and the rank with the most work (rank 0, up to a row of the vocabulary)
/// stands for all: in every exchange they wait for each other. Decode is bound by memory, so a
/// token takes the time of reading what it needs once; a batch takes the longer of that and of its
/// multiply-adds, and if it is done in halves, the longer of computing and sending. Left out:
/// choosing the token, encoding and adding partials, and, in models of a few MB, the barriers of a
/// layer. docs/BENCHMARK-NOTES.md says how far it errs.
///
/// @param memory of each node; the root's is the same, the embedding stays in the mapped file
/// @param traffic of a decoded token
/// @param token time of a decoded token, at the first position after the prompt
/// @param promptTokens length of the prompt
/// @param promptMs time to the first token
/// @param loadMs time of all workers' slices on the link, at the first start
public record Prediction(
    ShardPlan plan,
    Memory memory,
    StepTraffic traffic,
    Token token,
    int promptTokens,
    double promptMs,
    double loadMs) {
  /// Java's heap and code, threads, buffers of Artery, activations of a batch: the resident memory
  /// of workers was 330 to 590 MiB more than slice and cache (docs/BENCHMARK-NOTES.md).
  static final long PROCESS_BYTES = 600L << 20;

  /// Multiply-adds per second of attention, as a part of those of weights in batches:
  /// docs/BENCHMARK-NOTES.md, "Kernels at 256 bit", 128 multiply-adds per position and head in 19
  /// to 23 cycles, against 15.4 to 16.3 per cycle.
  private static final double ATTENTION_PART = 0.38;

  /// The same of delta networks: docs/BENCHMARK-NOTES.md, "Delta networks".
  private static final double STATE_PART = 0.67;

  private static final double MILLI = 1e3;

  /// Bytes on one node.
  ///
  /// @param slice packed weights
  /// @param cache keys and values of the whole context
  /// @param process what Java needs beside them, see [#PROCESS_BYTES]
  public record Memory(long slice, long cache, long process) {
    /// That of the rank with the most.
    public static Memory of(ShardPlan plan, EngineSettings engine) {
      int most = plan.largestRank();
      long slice = new SliceLayout(plan, most).totalBytes();
      return new Memory(slice, ShardEngine.cacheBytes(plan, most, engine), PROCESS_BYTES);
    }

    public long total() {
      return slice + cache + process;
    }
  }

  /// Milliseconds of a token's parts, one after the other.
  ///
  /// @param read of the weights of all layers
  /// @param attention over what the cache holds, states of delta networks included
  /// @param exchange of partials, input and logits
  /// @param logits reading wcls
  public record Token(double read, double attention, double exchange, double logits) {
    public double total() {
      return read + attention + exchange + logits;
    }
  }

  /// Predicts for a model that is planned for `plan.worldSize()` nodes.
  ///
  /// @param engine its batch is that of prompts
  public static Prediction of(
      ShardPlan plan, EngineSettings engine, int promptTokens, Device device, Link link) {
    SliceLayout layout = new SliceLayout(plan, plan.largestRank());
    Step step = new Step(plan, RankWork.of(layout), engine, device, link);
    Memory memory = Memory.of(plan, engine);
    return new Prediction(
        plan,
        memory,
        new StepTraffic(plan, 1, true),
        step.token(promptTokens + 1),
        promptTokens,
        step.prompt(promptTokens),
        (plan.worldSize() - 1) * memory.slice() / link.bytesPerSecond() * MILLI);
  }

  /// Whether a node of this kind has the memory.
  public boolean fits(Device device) {
    return memory.total() <= device.usableBytes();
  }

  public double tokensPerSecond() {
    return MILLI / token.total();
  }

  /// Of the prompt.
  public double promptTokensPerSecond() {
    return promptTokens * MILLI / promptMs;
  }

  /// Times of steps, in milliseconds.
  private record Step(
      ShardPlan plan, RankWork work, EngineSettings engine, Device device, Link link) {

    Token token(int positions) {
      StepTraffic traffic = new StepTraffic(plan, 1, true);
      return new Token(
          reading(work.layerBytes(1)),
          attention(1, positions),
          exchanges(traffic) + ends(traffic),
          reading((double) work.outputBytes()));
    }

    /// Batch by batch; only the last one asks for logits.
    double prompt(int tokens) {
      double ms = 0;
      for (int done = 0; done < tokens; done += engine.maxBatchTokens()) {
        int batch = Math.min(engine.maxBatchTokens(), tokens - done);
        boolean last = done + batch == tokens;
        StepTraffic traffic = new StepTraffic(plan, batch, last);
        ms +=
            traffic.isHalved()
                ? halves(traffic, done)
                : layers(batch, done) + exchanges(traffic) + ends(traffic);
        ms += last ? reading((double) work.outputBytes()) : 0;
      }
      return ms;
    }

    /// Computing all layers for `tokens` tokens after `done`.
    private double layers(int tokens, int done) {
      double products = products(tokens * work.layerProducts());
      return Math.max(reading(work.layerBytes(tokens)), products)
          + attention(tokens, done + (tokens + 1) / 2.0);
    }

    /// Two halves by turns. The time of an exchange of both is that of the busier of thread and
    /// link, and no less than a half takes to be computed, sent and waited for.
    private double halves(StepTraffic traffic, int done) {
      int first = Halves.first(traffic.tokens());
      double compute = layers(first, done) + layers(traffic.tokens() - first, done + first);
      double computing = compute / traffic.exchanges() + 2 * traffic.rounds() * sending();
      double sent = wire(traffic.exchangeBytes(), plan.worldSize());
      double half = (computing + sent) / 2 + traffic.rounds() * waiting();
      double busier = Math.max(computing, sent);
      return traffic.exchanges() * Math.max(busier, half) + ends(traffic);
    }

    private double reading(double bytes) {
      return bytes / device.readRate() * MILLI;
    }

    private double products(double count) {
      return count / device.productRate() * MILLI;
    }

    /// Of `tokens`, each over `positions` on average: what the cache takes to be read once, since
    /// the tokens of a batch go over one head after the other, or what the multiply-adds take.
    private double attention(int tokens, double positions) {
      double read = reading(work.cacheBytes(positions, engine.kv()));
      double multiply = products(tokens * work.attentionProducts(positions) / ATTENTION_PART);
      return Math.max(read, multiply) + states(tokens);
    }

    /// Of delta networks, whose states a step reads and writes once.
    private double states(int tokens) {
      double multiply = products(tokens * work.stateProducts() / STATE_PART);
      return Math.max(reading(work.stateBytes()), multiply);
    }

    /// All exchanges of a step that is done as a whole.
    private double exchanges(StepTraffic traffic) {
      double round = sending() + waiting();
      double exchange = wire(traffic.exchangeBytes(), plan.worldSize()) + traffic.rounds() * round;
      return plan.worldSize() == 1 ? 0 : traffic.exchanges() * exchange;
    }

    /// The ways of input and logits, which are like one more exchange.
    private double ends(StepTraffic traffic) {
      double latency = link.latency().toNanos() / 1e6;
      double bytes = wire(traffic.inputBytes() + traffic.logitsBytes(), 1);
      return plan.worldSize() == 1 ? 0 : bytes + sending() + waiting() + latency;
    }

    /// Of a frame to every peer: the thread's own time.
    private double sending() {
      return device.message().multipliedBy(plan.worldSize() - 1L).toNanos() / 1e6;
    }

    /// For the others' frames, beside the time of their bytes.
    private double waiting() {
      return device.exchange().plus(link.latency()).toNanos() / 1e6;
    }

    /// @param senders that send as much at the same time; in the air one after the other
    private double wire(long bytes, int senders) {
      return bytes / link.bytesPerSecond() * (link.shared() ? senders : 1) * MILLI;
    }
  }
}
