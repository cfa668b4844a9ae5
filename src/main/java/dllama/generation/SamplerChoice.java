package dllama.generation;

import dllama.logits.LogitsWanted;
import dllama.logits.RunLogits;
import dllama.logits.TokenChoice;
import dllama.sampling.Sampler;
import dllama.sampling.TopP;

/// What a sampler needs of a step's logits, and the token that it chooses from them.
public final class SamplerChoice {
  private SamplerChoice() {}

  /// What has to be asked for.
  public static LogitsWanted wanted(Sampler sampler) {
    return switch (sampler) {
      case Sampler.Greedy _ -> new LogitsWanted.Best(1);
      case TopP topP when topP.drawsFromAll() -> new LogitsWanted.DrawAny(topP.temperature());
      case TopP topP -> new LogitsWanted.Draw(topP.temperature());
    };
  }

  /// The token that the sampler chooses.
  ///
  /// @param logits what was [#wanted]
  public static int next(Sampler sampler, RunLogits logits, TokenChoice choice) {
    return switch (sampler) {
      case Sampler.Greedy _ -> choice.best(logits)[0];
      case TopP topP when topP.drawsFromAll() -> {
        int token = choice.drawAny(logits, topP.temperature(), topP.coin());
        topP.drawn();
        yield token;
      }
      case TopP topP ->
          choice.draw(
              logits,
              topP.temperature(),
              of -> topP.next(of.tokens(), of.weights(), of.size(), of.total(), of.vocabSize()));
    };
  }
}
