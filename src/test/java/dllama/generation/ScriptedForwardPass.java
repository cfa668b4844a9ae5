package dllama.generation;

import dllama.logits.FullLogits;
import dllama.logits.LogitsWanted;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.NotFinite;
import dllama.model.Rope;
import dllama.model.Sliding;
import dllama.step.ForwardException;
import dllama.step.ForwardPass;
import dllama.step.PageCopy;
import dllama.step.PagePool;
import dllama.step.Run;
import dllama.step.RunState;
import dllama.step.Step;
import dllama.step.StepResult;
import dllama.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/// A model over 64 tokens that predicts the token after the last one it was fed, or whatever else
/// follows from all tokens that a run's pages hold: it sees nothing but pages, as an engine does.
/// It may have states as well, which hold the text that they are the state of: then it sees these,
/// and looks that pages hold the same. And it may have windows: then it looks that they hold what
/// pages do, as far as a token sees.
final class ScriptedForwardPass implements ForwardPass {
  private static final int VOCABULARY = 64;

  final List<Run> runs = new ArrayList<>();
  final List<Step> steps = new ArrayList<>();

  /// What follows a text.
  ToIntFunction<int[]> next = text -> (text[text.length - 1] + 1) % VOCABULARY;

  /// Run before each step.
  Runnable before = () -> {};

  /// A token that gives no number.
  int poison = -1;

  private final int contextLength;
  private final int[][] pages;
  private final int[][] states;
  private final int[][] windows;
  private final int span;
  int epoch = 1;
  int stepsBeforeFailure = Integer.MAX_VALUE;
  private final int maxBatchTokens;

  ScriptedForwardPass(int contextLength, int maxBatchTokens) {
    this(contextLength, maxBatchTokens, ForwardPass.pages(contextLength));
  }

  ScriptedForwardPass(int contextLength, int maxBatchTokens, int pages) {
    this(contextLength, maxBatchTokens, pages, 0);
  }

  /// @param states places for states; 0: it has none
  ScriptedForwardPass(int contextLength, int maxBatchTokens, int pages, int states) {
    this(contextLength, maxBatchTokens, pages, states, 0, 0);
  }

  /// @param windows places for windows; 0: it has none
  /// @param span positions that a token sees there
  ScriptedForwardPass(
      int contextLength, int maxBatchTokens, int pages, int states, int windows, int span) {
    this.windows = new int[windows][PAGE];
    this.span = span;
    this.states = new int[states][];
    this.contextLength = contextLength;
    this.maxBatchTokens = maxBatchTokens;
    this.pages = new int[pages][PAGE];
    forget();
  }

  /// The pages hold nothing.
  void forget() {
    for (int[] page : pages) {
      Arrays.fill(page, -1);
    }
    for (int[] window : windows) {
      Arrays.fill(window, -1);
    }
    for (int state = 0; state < states.length; state++) {
      states[state] = new int[] {-1};
    }
  }

  /// What stands at the first positions of the latest run's pages.
  int[] cached(int length) {
    return text(runs.getLast().pages(), length);
  }

  @Override
  public ModelSpec spec() {
    ModelSpec all =
        new ModelSpec(
            Architecture.LLAMA,
            DType.F32,
            32,
            32,
            0,
            0,
            1,
            1,
            1,
            32,
            VOCABULARY,
            contextLength,
            1e-5f,
            Activation.SILU,
            Rope.unscaled(10000));
    return span == 0 ? all : all.with(Sliding.of(span, List.of(true), Rope.unscaled(10000)));
  }

  @Override
  public int contextLength() {
    return contextLength;
  }

  @Override
  public int maxBatchTokens() {
    return maxBatchTokens;
  }

  @Override
  public PagePool pool() {
    return new PagePool(epoch, pages.length, windows.length, states.length);
  }

  @Override
  public StepResult forward(Step step) {
    if (runs.size() == stepsBeforeFailure) {
      throw new ForwardException("a worker went away");
    }
    before.run();
    steps.add(step);
    for (PageCopy copy : step.copies()) {
      pages[copy.to()] = pages[copy.from()].clone();
      if (copy.hasWindow()) {
        windows[copy.toWindow()] = windows[copy.fromWindow()].clone();
      }
    }
    List<float[][]> logits = new ArrayList<>();
    boolean poisoned = false;
    for (Run run : step.runs()) {
      runs.add(run);
      for (int i = 0; i < run.tokens().length; i++) {
        int at = run.position() + i;
        pages[run.pages()[at / PAGE]][at % PAGE] = run.tokens()[i];
        if (windows.length > 0) {
          windows[window(run, at)][at % PAGE] = run.tokens()[i];
        }
        poisoned |= run.tokens()[i] == poison;
      }
      if (states.length > 0) {
        states[run.state().to()] = state(run);
      }
    }
    for (Run run : step.runs()) {
      look(run);
      logits.add(logits(run));
    }
    if (poisoned) {
      throw NotFinite.at("layer 0");
    }
    return FullLogits.step(step, logits);
  }

  private int window(Run run, int at) {
    return run.windows()[at / PAGE - run.pages().length + run.windows().length];
  }

  /// Looks at all that a run sees of windows.
  private void look(Run run) {
    int end = run.position() + run.tokens().length;
    for (int at = Math.max(0, run.position() + 1 - span); windows.length > 0 && at < end; at++) {
      int page = pages[run.pages()[at / PAGE]][at % PAGE];
      int window = windows[window(run, at)][at % PAGE];
      if (page != window) {
        throw new AssertionError("%d in place of %d at %d".formatted(window, page, at));
      }
    }
  }

  /// The state after a run.
  private int[] state(Run run) {
    int from = run.state().from();
    int[] before = from == RunState.NONE ? new int[0] : states[from];
    int length = run.position() + run.tokens().length;
    int[] text = Arrays.copyOf(before, length);
    System.arraycopy(run.tokens(), 0, text, run.position(), run.tokens().length);
    if (before.length != run.position() || !Arrays.equals(text, text(run.pages(), length))) {
      throw new AssertionError("%s at %d".formatted(Arrays.toString(before), run.position()));
    }
    return text;
  }

  private float[][] logits(Run run) {
    if (run.wanted() instanceof LogitsWanted.States) {
      return states(run);
    }
    float[][] logits = new float[run.tokens().length][VOCABULARY];
    for (int i = run.tokens().length - run.wanted().rows(); i < logits.length; i++) {
      logits[i][next.applyAsInt(text(run.pages(), run.position() + i + 1))] = 1;
    }
    return logits;
  }

  /// Each token, and the sum of all up to it.
  private float[][] states(Run run) {
    float[][] states = new float[run.tokens().length][];
    for (int i = 0; i < states.length; i++) {
      int sum = IntStream.of(text(run.pages(), run.position() + i + 1)).sum();
      states[i] = new float[] {run.tokens()[i], sum};
    }
    return states;
  }

  private int[] text(int[] of, int length) {
    return IntStream.range(0, length).map(at -> pages[of[at / PAGE]][at % PAGE]).toArray();
  }
}
