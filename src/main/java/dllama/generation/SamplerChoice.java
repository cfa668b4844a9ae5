package dllama.generation;

import dllama.logits.LogitsWanted;
import dllama.logits.RunLogits;
import dllama.logits.TokenChoice;
import dllama.sampling.RandomSampler;
import dllama.sampling.Sampler;

/// What a sampler needs of a step's logits, and the token that it chooses from them.
public final class SamplerChoice {
  private SamplerChoice() {}

  /// What has to be asked for.
  public static LogitsWanted wanted(Sampler sampler) {
    return switch (sampler) {
      case Sampler.Greedy _ -> new LogitsWanted.Best(1);
      case RandomSampler random when random.drawsFromAll() ->
          new LogitsWanted.DrawAny(random.temperature());
      case RandomSampler random -> new LogitsWanted.Draw(random.temperature());
    };
  }

  /// The token that the sampler chooses.
  ///
  /// @param logits what was [#wanted]
  public static int next(Sampler sampler, RunLogits logits, TokenChoice choice) {
    return switch (sampler) {
      case Sampler.Greedy _ -> choice.best(logits)[0];
      case RandomSampler random when random.drawsFromAll() -> {
        int token = choice.drawAny(logits, random.temperature(), random.coin());
        random.drawn();
        yield token;
      }
      case RandomSampler random ->
          choice.draw(
              logits,
              random.temperature(),
              of -> random.next(of.tokens(), of.weights(), of.size(), of.total(), of.vocabSize()));
    };
  }
}
