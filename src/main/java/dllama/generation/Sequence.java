package dllama.generation;

import dllama.generation.GenerationEvent.Failed;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Interrupted;
import dllama.generation.GenerationEvent.Prefill;
import dllama.generation.GenerationEvent.Reason;
import dllama.generation.GenerationEvent.Token;
import dllama.generation.StopDetector.Verdict;
import dllama.logits.Adjustments;
import dllama.logits.LogitsWanted;
import dllama.logits.RunLogits;
import dllama.logits.TokenChoice;
import dllama.logits.TokenLogprobs;
import dllama.step.Run;
import dllama.step.StepResult;
import dllama.tokenizer.TokenStream;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A prompt and its answer: what of them the next step computes, and what becomes of that. All
/// that is not cached is fed, so a prompt is read, and read again where its pages were lost, as an
/// answer goes on. The [Scheduler]'s, on its thread.
final class Sequence {
  private static final int[] NOTHING = {};
  private static final int NONE = -2;

  private final GenerationRequest request;
  private final Sink sink;
  private final Generation generation;
  private final int contextLength;
  private final TokenStream stream;
  private final StopDetector detector;
  private final TokenChooser chooser;

  /// Tokens without text. No stop string goes on beyond one, so that whoever looks for a token has
  /// been shown all text before it.
  private final BitSet silent;

  private final StepTimes times = new StepTimes();
  private KvLease lease;

  /// Prompt and answer, without an end token; behind them there may be guesses.
  private int[] tokens;

  private int size;

  /// Positions that were cached before the first step, or before the first in another world; −1
  /// until then.
  private int found = -1;

  /// It was told that the whole prompt is read.
  private boolean promptRead;

  /// The next token, if it was chosen and nodes were lost before all was known of it.
  private int chosen = NONE;

  /// Tokens of the prompt that did not have to be computed.
  private int shared;

  private int prefillTokens;
  private long prefillNanos;
  private int generated;
  private boolean ended;

  /// Tokens of the step under way.
  private int fed;

  private int[] guessed = NOTHING;

  /// Tokens of the answer that are computed again with its last one: what a wrong guess behind them
  /// has left in a state can not be taken back, so the step counts for nothing there.
  private int again;

  Sequence(
      GenerationRequest request,
      Sink sink,
      Generation generation,
      int contextLength,
      int vocabSize,
      Vocabulary vocabulary,
      KvTable table) {
    this.request = request;
    this.sink = sink;
    this.generation = generation;
    this.contextLength = contextLength;
    tokens = request.prompt().clone();
    size = tokens.length;
    stream = new TokenStream(vocabulary);
    silent = vocabulary.printing().silent();
    stream.follow(tokens[size - 1]);
    chooser = new TokenChooser(request.sampler(), request.guidance(), request.stopIds(), vocabSize);

    detector = StopDetector.anywhere(request.stopIds(), request.stops());
    lease = lease(table);
  }

  /// Of tokens that others have computed no states are left.
  private KvLease lease(KvTable table) {
    return request.mean() == null ? new KvLease(table) : KvLease.apart(table);
  }

  boolean isCancelled() {
    return generation.isCancelled();
  }

  boolean hasEnded() {
    return ended;
  }

  /// Tokens that are not computed yet.
  int left() {
    return size - lease.cached();
  }

  /// Whether there is more to compute than the answer's last token, and what goes with it.
  boolean reads() {
    return generated == 0 || left() > 1 + again;
  }

  /// Whether tokens may be guessed.
  private boolean guesses() {
    return chooser.isPlainlyGreedy();
  }

  /// Gives its pages back; they are computed again, as far as they are not found.
  void release() {
    lease.release();
    forget();
  }

  private void forget() {
    again = 0;
    if (request.mean() != null) {
      request.mean().clear();
    }
  }

  /// The pages are those of another world, which holds nothing. What was read of the prompt is
  /// read again, and counts once; coins, masks, texts and guesses are not touched.
  void move(KvTable table) {
    lease = lease(table);
    forget();
    found = -1;
    if (generated == 0) {
      prefillTokens = 0;
      prefillNanos = 0;
    }
  }

  /// The nodes are lost; it goes on when others are there.
  void interrupt(String why) {
    if (!show(new Interrupted(why))) {
      finish(Reason.CANCELLED);
    }
  }

  /// The next tokens of what is to be read.
  ///
  /// @param most tokens, at least one
  /// @return nothing if another sequence is about to compute the same, or every page is held
  List<Run> read(int most) {
    lease.extend(tokens, size - 1);
    if (found < 0 || lease.cached() < found) {
      found = lease.cached();
    }
    return lease.awaits(tokens, size) ? List.of() : runs(Math.min(most, left()), NOTHING);
  }

  /// The answer's last token, with what goes with it, or guesses of what follows.
  ///
  /// @param room for guesses
  /// @param rows of the step without them
  /// @return nothing if every page is held
  List<Run> decode(int room, int rows, StepPace steps) {
    if (again > 0 || !guesses()) {
      return runs(1 + again, NOTHING);
    }
    int wanted = Math.min(contextLength - size, request.maxTokens() - generated - 1);
    return runs(1, request.speculation().draft(Math.min(room, wanted), rows, steps));
  }

  private List<Run> runs(int count, int[] guess) {
    ensureCapacity(size + guess.length);
    System.arraycopy(guess, 0, tokens, size, guess.length);
    fed = lease.reserve(tokens, count + guess.length, reads() ? size : 0);
    if (fed < count && !reads()) {
      lease.commit(0); // a part of these gives no token
      fed = 0;
    }
    if (fed == 0) {
      return List.of();
    }
    guessed = fed < count ? NOTHING : Arrays.copyOf(guess, fed - count);
    int[] pages = lease.pages();
    int[] windows = lease.windows();
    List<Run> runs = new ArrayList<>();
    for (KvLease.Part part : lease.parts()) {
      int end = part.from() + part.count();
      int[] run = Arrays.copyOfRange(tokens, part.from(), end);
      boolean last = end == lease.cached() + fed;
      LogitsWanted wanted = last ? wanted() : new LogitsWanted.Nothing();
      Adjustments adjustments = last ? adjustments() : Adjustments.NONE;
      runs.add(new Run(pages, windows, part.from(), run, part.state(), wanted, adjustments));
    }
    return runs;
  }

  /// Of the logits of the tokens that are fed.
  private LogitsWanted wanted() {
    if (guessed.length > 0) {
      return new LogitsWanted.Best(1 + guessed.length);
    }
    if (request.mean() != null) {
      return new LogitsWanted.States(fed);
    }
    if (!choosesNext()) {
      return new LogitsWanted.Nothing();
    }
    chooser.begin(tokens, request.prompt().length, size);
    return chooser.wanted();
  }

  /// Of those logits; after [#wanted].
  private Adjustments adjustments() {
    return choosesNext() ? chooser.adjustments() : Adjustments.NONE;
  }

  /// Whether the answer's next token follows from what is fed, without guesses.
  private boolean choosesNext() {
    return guessed.length == 0
        && request.mean() == null
        && lease.cached() + fed >= size
        && request.maxTokens() > 0;
  }

  /// Takes what the step gave.
  ///
  /// @param rows of the step
  void accept(
      StepResult step, RunLogits logits, TokenChoice choice, int rows, long nanos, StepPace steps) {
    if (reads()) {
      read(logits, choice, nanos);
    } else {
      decoded(step, logits, choice, rows, nanos, steps);
    }
  }

  private void read(RunLogits logits, TokenChoice choice, long nanos) {
    lease.commit(fed);
    if (request.mean() != null) {
      request.mean().add(logits.states(), fed);
    }
    if (generated == 0) {
      prefillTokens += fed;
      prefillNanos += nanos;
    }
    if (!promptRead) {
      promptRead = left() == 0;
      if (!show(new Prefill(lease.cached() - found, size - found))) {
        finish(Reason.CANCELLED);
        return;
      }
    }
    if (left() > 0) {
      return;
    }
    if (request.maxTokens() == 0) {
      finish(Reason.LENGTH);
      return;
    }
    if (generated == 0) {
      shared = Math.max(0, size - prefillTokens);
      if (guesses()) {
        request.speculation().begin(Arrays.copyOf(tokens, size), lease.hasState());
      }
    }
    Reason end = choose(logits, choice);
    if (end != null) {
      finish(end);
    }
  }

  /// Takes what the model says into the answer, as far as it knew what it said: up to and with the
  /// first token that was guessed wrong. What was computed of wrong ones is computed over, or,
  /// where the sequence has a state, the whole step is done again without them.
  private void decoded(
      StepResult step, RunLogits logits, TokenChoice choice, int rows, long nanos, StepPace steps) {
    int[] best = guessed.length == 0 ? NOTHING : choice.best(logits);
    int right = 0;
    while (right < guessed.length && guessed[right] == best[right]) {
      right++;
    }
    int before = generated;
    Reason end = guessed.length == 0 ? choose(logits, choice) : emit(best[0], null);
    int computed = 1;
    while (end == null && computed <= right) {
      end = emit(best[computed++], null);
    }
    boolean undone = lease.hasState() && computed <= guessed.length;
    lease.commit(undone ? 0 : again + computed);
    again = undone ? computed : 0;
    times.add(nanos, step, generated - before, guessed.length, right);
    if (guesses()) {
      request.speculation().measured(guessed.length, right, rows - guessed.length, nanos, steps);
    }
    if (end != null) {
      finish(end);
    }
  }

  /// Chooses a token and takes it into the answer, as [#emit]; also ends it where none may follow.
  /// Ranks may be asked, so the world may be lost here: one coin is tossed in any case.
  private @Nullable Reason choose(RunLogits logits, TokenChoice choice) {
    if (chosen == NONE) {
      chosen = chooser.next(logits, choice);
    }
    int token = chosen;
    TokenLogprobs logprobs = token == TokenChooser.END ? null : chooser.logprobs(logits, token);
    chosen = NONE;
    return token == TokenChooser.END ? Reason.STOP : emit(token, logprobs);
  }

  /// Takes a token into the answer; why the answer ends with it, or null if it goes on.
  private @Nullable Reason emit(int token, @Nullable TokenLogprobs logprobs) {
    generated++;
    chooser.accept(token);
    Verdict verdict = detector.append(token, stream.next(token));
    if (!request.stopIds().contains(token)) {
      ensureCapacity(size + 1);
      tokens[size++] = token;
      if (guesses()) {
        request.speculation().follow(token);
      }
    }
    Reason end = end(verdict);
    boolean held = verdict == Verdict.MAYBE_EOS && end == null && !silent.get(token);
    String text = held ? "" : detector.take();
    boolean wanted = show(new Token(token, text, logprobs));
    return end == null && !wanted ? Reason.CANCELLED : end;
  }

  private @Nullable Reason end(Verdict verdict) {
    if (verdict == Verdict.EOS || chooser.isComplete()) {
      return Reason.STOP;
    }
    if (generated == request.maxTokens()) {
      return Reason.LENGTH;
    }
    return size > contextLength ? Reason.CONTEXT : null;
  }

  private boolean show(GenerationEvent event) {
    return sink.accept(event) && !generation.isCancelled();
  }

  /// Ends with what there is.
  void finish(Reason reason) {
    Usage usage = times.usage(shared, prefillTokens, prefillNanos, generated);
    end(new Finished(reason, usage, reason == Reason.STOP ? detector.found() : Optional.empty()));
  }

  /// Ends without the rest of the answer.
  void fail(RuntimeException cause) {
    end(new Failed(cause));
  }

  private void end(GenerationEvent ending) {
    ended = true;
    lease.release();
    sink.accept(ending);
    generation.end();
  }

  /// Ends because the sink has thrown.
  void end(Throwable thrown) {
    ended = true;
    lease.release();
    generation.end(thrown);
  }

  private void ensureCapacity(int length) {
    if (length > tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.max(2 * tokens.length, length));
    }
  }
}
