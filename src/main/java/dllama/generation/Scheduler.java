package dllama.generation;

import dllama.error.UserException;
import dllama.generation.GenerationEvent.Reason;
import dllama.logits.RunLogits;
import dllama.logits.TokenChoice;
import dllama.step.ForwardException;
import dllama.step.ForwardPass;
import dllama.step.PageCopy;
import dllama.step.PagePool;
import dllama.step.Run;
import dllama.step.Step;
import dllama.step.StepResult;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The one loop that turns prompts into answers, many at a time: in each step every answer that is
/// under way gets its next token, and the rest of the step's rows goes to prompts. Chat,
/// `inference` and benchmarks differ in the sink.
///
/// Prompts that are nearly read go first, so that a short one does not wait for a long one; after
/// three steps without the oldest it is the turn of that one, so that a long one does not wait for
/// ever. Of prompts that begin alike one is computed; the others find it. A sequence without a free
/// page waits; where none has one, the youngest gives its own back and is read again later.
///
/// Where the nodes that compute are lost, all of them wait for others, as [Recovery] says, and go
/// on where they stopped.
///
/// A thread of its own calls the forward pass and the sinks. [#submit] may be called by any.
public final class Scheduler implements AutoCloseable {
  /// Requests that may wait.
  private static final int QUEUE = 256;

  /// Successive steps without the oldest prompt after which it is read first.
  private static final int TURNS = 3;

  private static final Duration CROWDED = Duration.ofSeconds(10);

  /// How long nobody looks who was cancelled while nodes are waited for.
  private static final Duration LOOK = Duration.ofMillis(50);

  /// Worlds that may be lost one after the other without a step: it may be the step that ends them.
  private static final int MAX_LOSSES = 10;

  /// Of no world.
  private static final long NONE = -1;

  private final ForwardPass forwardPass;
  private final Vocabulary vocabulary;
  private final int parallel;
  private final StepListener steps;
  private final Recovery recovery;
  private final BlockingQueue<Arrival> arrivals = new ArrayBlockingQueue<>(QUEUE);
  private final Thread thread;
  private volatile boolean closed;

  // The thread's own.

  /// In the order in which they came.
  private final List<Sequence> active = new ArrayList<>();

  private final StepPace pace = new StepPace();
  private final TokenChoice choice = new TokenChoice();
  private KvTable table = new KvTable(1);
  private long epoch = NONE;

  /// Successive steps in which the oldest prompt was not read.
  private int passedOver;

  /// Worlds that were lost since the last step.
  private int losses;

  private long crowdedUntil = System.nanoTime();

  private record Arrival(GenerationRequest request, Sink sink, Generation generation) {}

  /// What a step computes for a sequence.
  private record Part(Sequence sequence, List<Run> runs) {
    int rows() {
      return runs.stream().mapToInt(run -> run.tokens().length).sum();
    }
  }

  /// One whose answers end when nodes are lost.
  ///
  /// @param parallel the most answers at a time; at most [#mostParallel]
  public Scheduler(ForwardPass forwardPass, Vocabulary vocabulary, int parallel) {
    this(forwardPass, vocabulary, parallel, Recovery.NONE, _ -> {});
  }

  /// @param parallel the most answers at a time; at most [#mostParallel]
  /// @param steps is told of every step, on this scheduler's thread
  public Scheduler(
      ForwardPass forwardPass,
      Vocabulary vocabulary,
      int parallel,
      Recovery recovery,
      StepListener steps) {
    this.steps = steps;
    this.recovery = recovery;
    this.forwardPass = forwardPass;
    this.vocabulary = vocabulary;
    this.parallel = Math.min(parallel, mostParallel(forwardPass.maxBatchTokens()));
    thread = Thread.ofPlatform().name("scheduler").daemon().unstarted(this::loop);
    thread.start();
  }

  /// The most answers that can be computed at a time: they leave room for prompts.
  ///
  /// @param maxBatchTokens of a step
  public static int mostParallel(int maxBatchTokens) {
    return Math.clamp(maxBatchTokens / 2, 1, ForwardPass.MAX_WANTED);
  }

  /// The most tokens of a prompt and its answer.
  public int contextLength() {
    return forwardPass.contextLength();
  }

  /// Has a request answered; its last event is an ending.
  ///
  /// @throws UserException if it can not be: it does not fit, or too many wait already
  public Generation submit(GenerationRequest request, Sink sink) {
    int length = request.prompt().length;
    if (length == 0) {
      throw new UserException("the prompt is empty");
    }
    if (length > forwardPass.contextLength()) {
      throw new UserException(
          "the prompt has %d tokens, more than the context of %d"
              .formatted(length, forwardPass.contextLength()));
    }
    int vocabSize = forwardPass.spec().vocabSize();
    for (int token : request.guidance().bias().keySet()) {
      if (token < 0 || token >= vocabSize) {
        throw new UserException(
            "there is no token %d to be given a bias; the model has %d"
                .formatted(token, vocabSize));
      }
    }
    Generation generation = new Generation();
    if (!arrivals.offer(new Arrival(request, sink, generation))) {
      throw new UserException("%d requests are waiting already; try again later".formatted(QUEUE));
    }
    if (closed) {
      generation.end(new IllegalStateException("closed"));
    }
    return generation;
  }

  /// Ends what is under way, without the rest of the answers.
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }

  /// Whatever ends it, nobody waits for an answer afterwards.
  private void loop() {
    try {
      while (!closed) {
        turn();
      }
    } catch (InterruptedException e) {
      // only close() interrupts
    } finally {
      closed = true;
      failAll(new ForwardException("closed"));
      for (Arrival arrival = arrivals.poll(); arrival != null; arrival = arrivals.poll()) {
        arrival.generation.end(new IllegalStateException("closed"));
      }
    }
  }

  private void turn() throws InterruptedException {
    admit(active.isEmpty() ? arrivals.take() : next());
    letGo();
    if (active.isEmpty()) {
      return;
    }
    try {
      followWorld();
      step();
    } catch (ForwardException e) {
      recover(e);
    } catch (RuntimeException e) {
      endAll(e);
    }
    active.removeIf(Sequence::hasEnded);
  }

  /// Nobody waits for those that were cancelled.
  private void letGo() {
    active.stream().filter(Sequence::isCancelled).forEach(this::cancel);
    active.removeIf(Sequence::hasEnded);
  }

  /// Everybody waits for nodes, and keeps what it has: tokens, and all that the choice of the next
  /// one depends on. To read it again on the next nodes is the ordinary way, see [#followWorld].
  private void recover(ForwardException lost) throws InterruptedException {
    String why = String.valueOf(lost.getMessage());
    active.removeIf(Sequence::hasEnded);
    try {
      boolean there = recovery.await(lost, Duration.ZERO);
      if (!there) {
        active.forEach(sequence -> guarded(sequence, s -> s.interrupt(why)));
      }
      losses++;
      while (!there && !closed) {
        admit(next());
        letGo();
        there = active.isEmpty() || recovery.await(lost, LOOK);
      }
    } catch (ForwardException givenUp) {
      endAll(givenUp);
      return;
    }
    if (losses > MAX_LOSSES || forwardPass.pool().epoch() == epoch) {
      endAll(lost); // it were not the nodes
    }
  }

  /// Takes requests as far as there is a place.
  private void admit(@Nullable Arrival first) {
    Arrival next = first;
    while (next != null) {
      active.add(
          new Sequence(
              next.request,
              next.sink,
              next.generation,
              forwardPass.contextLength(),
              forwardPass.spec().vocabSize(),
              vocabulary,
              table));
      next = next();
    }
  }

  private @Nullable Arrival next() {
    return active.size() < parallel ? arrivals.poll() : null;
  }

  /// A new world has empty pages: what sequences have so far is read again.
  private void followWorld() {
    PagePool pool = forwardPass.pool();
    if (pool.pages() == 0) {
      throw new ForwardException("there are no nodes yet");
    }
    if (pool.epoch() != epoch) {
      epoch = pool.epoch();
      table = new KvTable(pool, forwardPass.spec().sliding().window());
      active.forEach(sequence -> sequence.move(table));
    }
  }

  private void step() {
    List<Part> parts = parts(active);
    for (int i = active.size() - 1; parts.isEmpty() && i > 0; i--) {
      active.get(i).release();
      parts = parts(active.subList(0, i));
    }
    noteOldest(parts);
    List<PageCopy> copies = table.takeCopies();
    try {
      compute(parts, copies);
    } catch (UserException e) {
      if (parts.size() == 1) {
        fail(parts.getFirst().sequence, e);
      } else {
        parts.forEach(this::computeAlone); // whose numbers are none, shows now
      }
    }
  }

  private void noteOldest(List<Part> parts) {
    Optional<Sequence> oldest = active.stream().filter(Sequence::reads).findFirst();
    boolean read =
        oldest.isEmpty() || parts.stream().anyMatch(part -> part.sequence == oldest.get());
    passedOver = read ? 0 : passedOver + 1;
  }

  private void computeAlone(Part part) {
    try {
      compute(List.of(part), List.of()); // copies are made
    } catch (UserException e) {
      fail(part.sequence, e);
    }
  }

  /// What the next step computes of some sequences; nothing where every page is held.
  ///
  /// A step that ends a prompt is short, because somebody waits for its first token: no long prompt
  /// is read in it, unless it had to wait in the step before.
  private List<Part> parts(List<Sequence> of) {
    int most = forwardPass.maxBatchTokens();
    List<Part> parts = new ArrayList<>();
    List<Sequence> readers = readers(of);
    List<Sequence> writers = of.stream().filter(sequence -> !sequence.reads()).toList();
    int rows = writers.stream().mapToInt(Sequence::left).sum();
    for (Sequence sequence : writers) {
      int room = readers.isEmpty() ? Math.min(most, ForwardPass.MAX_WANTED) - rows : 0;
      int added = add(parts, sequence, sequence.decode(room, rows, pace));
      // One without a page keeps its rows: who took them would be there, too, in the next step.
      rows += Math.max(0, added - sequence.left());
    }
    boolean crowded = isCrowded(of.size());
    boolean first = false; // whether somebody's first token comes of this step
    for (Sequence sequence : readers) {
      boolean isLong = sequence.left() > most;
      if (rows < most && !(isLong && first && passedOver == 0)) {
        int chunk = crowded && isLong ? Math.ceilDiv(most, 2) : most;
        int added = add(parts, sequence, sequence.read(Math.min(chunk, most - rows)));
        first |= added == sequence.left();
        rows += added;
      }
    }
    return parts;
  }

  /// Whether there are several sequences, or were a moment ago. Then long prompts are read in
  /// shorter steps, because whoever comes next has to wait for the one under way.
  private boolean isCrowded(int sequences) {
    long now = System.nanoTime();
    if (sequences > 1) {
      crowdedUntil = now + CROWDED.toNanos();
    }
    return crowdedUntil - now > 0;
  }

  private static int add(List<Part> parts, Sequence sequence, List<Run> runs) {
    if (runs.isEmpty()) {
      return 0;
    }
    Part part = new Part(sequence, runs);
    parts.add(part);
    return part.rows();
  }

  /// Sequences with a prompt to read, in the order in which they get a part of the step.
  private List<Sequence> readers(List<Sequence> of) {
    boolean first = passedOver >= TURNS;
    Comparator<Sequence> order = Comparator.comparingInt(first ? _ -> 0 : Sequence::left);
    return of.stream().filter(Sequence::reads).sorted(order).toList();
  }

  private void compute(List<Part> parts, List<PageCopy> copies) {
    List<Run> runs = parts.stream().flatMap(part -> part.runs.stream()).toList();
    Step step = new Step(epoch, copies, runs);
    boolean decodes = parts.stream().noneMatch(part -> part.sequence.reads());
    long start = System.nanoTime();
    StepResult result = forwardPass.forward(step);
    long nanos = System.nanoTime() - start;
    losses = 0;
    int rows = step.rows();
    int read = parts.stream().filter(p -> p.sequence.reads()).mapToInt(Part::rows).sum();
    steps.done(new StepListener.Step(read, rows - read, nanos, result.syncNanos()));
    int run = -1;
    for (Part part : parts) {
      run += part.runs.size();
      RunLogits logits = result.logits().get(run); // of its last tokens
      guarded(part.sequence, s -> s.accept(result, logits, choice, rows, nanos, pace));
    }
    if (decodes) {
      pace.measured(rows, nanos);
    }
  }

  private void cancel(Sequence sequence) {
    guarded(sequence, s -> s.finish(Reason.CANCELLED));
  }

  private void fail(Sequence sequence, RuntimeException cause) {
    guarded(sequence, s -> s.fail(cause));
  }

  private void endAll(RuntimeException cause) {
    failAll(cause);
    epoch = NONE; // what the pages hold now is not known
  }

  private void failAll(RuntimeException cause) {
    active.stream().filter(sequence -> !sequence.hasEnded()).forEach(s -> fail(s, cause));
    active.clear();
  }

  /// A sink that throws ends its own sequence only.
  private static void guarded(Sequence sequence, Consumer<Sequence> action) {
    try {
      action.accept(sequence);
    } catch (ForwardException e) {
      if (!sequence.hasEnded()) {
        throw e; // of a question about logits
      }
      sequence.end(e);
    } catch (RuntimeException | Error e) {
      sequence.end(e);
    }
  }
}
