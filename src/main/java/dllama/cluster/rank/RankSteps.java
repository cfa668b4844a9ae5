package dllama.cluster.rank;

import akka.actor.typed.ActorRef;
import dllama.cluster.loop.ComputeWait;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.FrameBuffer;
import dllama.cluster.wire.InputRows;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.RootMessage.Stepped;
import dllama.cluster.wire.TensorFrame.Input;
import dllama.cluster.wire.TensorFrame.Logits;
import dllama.cluster.wire.TensorFrame.Partial;
import dllama.cluster.wire.TensorFrame.Question;
import dllama.cluster.wire.TensorFrame.RunRows;
import dllama.engine.Collective;
import dllama.engine.EngineSettings;
import dllama.engine.ShardEngine;
import dllama.logits.LogitsPart;
import dllama.logits.LogitsWanted;
import dllama.slice.Embedding;
import dllama.step.PageCopy;
import dllama.step.RunState;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Runs the steps of one rank in one epoch: engine and exchange in turn. Everything here happens on
/// the node's compute thread.
///
/// A long step is done in two halves, if the [OverlapRule] says so. What one has sent travels while
/// the other computes:
///
/// | compute | A | B | A | B | … |
/// |---|---|---|---|---|---|
/// | on the wire | | A | B | A | B |
///
/// The tokens of B follow those of A, and in every layer A attends before B, so the cache has what
/// B's attention reads. All ranks do the rounds of both halves in this order, which is why a peer's
/// frames need no other name than the number of the round.
final class RankSteps {
  /// A step that can not be finished; the message is one line for the user.
  static final class Aborted extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final int culprit;

    /// @param culprit the rank that is to blame
    Aborted(int culprit, String why) {
      super(why);
      this.culprit = culprit;
    }

    int culprit() {
      return culprit;
    }
  }

  private final Assignment assignment;
  private final EngineSettings limits;
  private final int dim;

  /// Bytes of what layers are given of a token.
  private final int layerBytes;

  private final InputCheck check;
  private final ShardEngine engine;
  private final Exchange exchange;
  private final PeerWaits waits;
  private final ComputeWait computeWait;
  private final List<ActorRef<RankMessage>> ranks;
  private final ActorRef<RootMessage> root;
  private final long stallNanos;
  private final CollectiveRule collectives;
  private final OverlapRule halves;

  /// All of a step, or its second half; the one that gives logits.
  private final Strand[] whole;

  /// Both halves; the whole step where nothing is ever done in halves.
  private final Strand[] both;

  /// What this rank sends, by the place of the round; [Exchange] says why so many suffice.
  private final FrameBuffer[] own = new FrameBuffer[Exchange.PLACES];

  /// Of that what each rank gets, by place and rank.
  private final FrameBuffer[][] parts = new FrameBuffer[Exchange.PLACES][];

  /// Number of the next round in which something is sent.
  private long nextSent;

  private final BooleanSupplier settled;

  /// The step whose logits the engine holds.
  private @Nullable Input latest;

  /// @param waits is told what is waited for whom
  /// @param ranks the shards of all ranks, in rank order
  /// @param stall how long a peer that is alive may keep this rank waiting in one round
  RankSteps(
      Assignment assignment,
      ShardEngine engine,
      Exchange exchange,
      PeerWaits waits,
      ComputeWait computeWait,
      List<ActorRef<RankMessage>> ranks,
      ActorRef<RootMessage> root,
      Duration stall) {
    this.assignment = assignment;
    limits = assignment.world().engine();
    dim = assignment.world().model().dim();
    layerBytes = Embedding.inputBytes(assignment.world().model());
    check = new InputCheck(assignment.world());
    this.engine = engine;
    this.exchange = exchange;
    this.waits = waits;
    this.computeWait = computeWait;
    this.ranks = ranks;
    this.root = root;
    stallNanos = stall.toNanos();
    collectives = CollectiveRule.of(assignment.world());
    halves = OverlapRule.of(assignment.world());
    Strand last = new Strand(engine, collectives.sums());
    whole = new Strand[] {last};
    int first = halves.firstHalf(limits.maxBatchTokens(), 0);
    both =
        first == 0
            ? whole
            : new Strand[] {new Strand(engine.leading(first), collectives.sums()), last};
    int sums = assignment.world().model().feedForwardSums();
    int values = Math.multiplyExact(Math.multiplyExact(limits.maxBatchTokens(), dim), sums);
    int bytes = Math.toIntExact(Collective.mostBytes(assignment.world().plan(), values));
    for (int place = 0; place < own.length; place++) {
      own[place] = new FrameBuffer(bytes);
      parts[place] = views(own[place]);
    }
    settled = exchange::settled;
  }

  private FrameBuffer[] views(FrameBuffer whole) {
    return ranks.stream().map(_ -> whole.view()).toArray(FrameBuffer[]::new);
  }

  /// Whether `input` fits what this rank was set up for; nothing from the network is trusted.
  boolean accepts(Input input) {
    return collectives.permits(input.scatters()) && check.accepts(input);
  }

  /// Computes one step and tells the root: what is wanted of this rank, or that there is nothing to
  /// tell. The root's own rank always says how long it waited for partials.
  ///
  /// @throws Aborted when the epoch failed, or a peer kept this rank waiting for too long
  void run(Input input) {
    computeWait.attach();
    long from = System.nanoTime();
    try {
      latest = null;
      for (PageCopy copy : input.copies()) {
        engine.copy(copy);
      }
      Strand[] strands = begin(input);
      long waited = compute(strands);
      if (assignment.rank() == 0) {
        tellStrayed(strands, input.step());
      }
      latest = input;
      waits.stepped(System.nanoTime() - from);
      boolean told = false;
      for (int run = 0; run < input.runs().size(); run++) {
        LogitsWanted wanted = input.runs().get(run).wanted();
        if (assignment.rank() < wanted.tellers(ranks.size())) {
          tell(input, run, part(strands, input, run));
          told = true;
        }
      }
      if (!told || assignment.rank() == 0) {
        root.tell(new Stepped(assignment.epoch(), assignment.rank(), input.step(), waited));
      }
    } finally {
      computeWait.detach();
    }
  }

  /// What is wanted of a run.
  private LogitsPart part(Strand[] strands, Input input, int run) {
    RunRows rows = input.runs().get(run);
    if (rows.wanted() instanceof LogitsWanted.States(int count)) {
      int end = input.runs().subList(0, run + 1).stream().mapToInt(RunRows::count).sum();
      return states(strands, end - count, count);
    }
    return engine.logits(firstLogits(input, run), rows.wanted(), rows.adjustments());
  }

  /// The states of some successive rows of a step, which may be in both of its halves.
  private LogitsPart states(Strand[] strands, int first, int count) {
    float[] values = new float[count * dim];
    int row = 0;
    for (Strand strand : strands) {
      int from = Math.max(first, row);
      int to = Math.min(first + count, row + strand.rows().count());
      if (from < to) {
        strand.states(from - row, to - from, values, (from - first) * dim);
      }
      row += strand.rows().count();
    }
    return new LogitsPart.States(count, values);
  }

  /// The first of a run's rows among those of which logits are computed.
  private static int firstLogits(Input input, int run) {
    int first = 0;
    for (RunRows before : input.runs().subList(0, run)) {
      first += before.wanted().rows();
    }
    return first;
  }

  /// Rank 0 speaks for all, which hold the same numbers; before it says that the step is computed.
  private void tellStrayed(Strand[] strands, long step) {
    for (Strand strand : strands) {
      if (!strand.strayed().isEmpty()) {
        int rank = strand.strayedRank();
        root.tell(new RootMessage.Strayed(assignment.epoch(), step, strand.strayed(), rank));
        return;
      }
    }
  }

  /// Starts the strands of a step.
  private Strand[] begin(Input input) {
    int rows = input.count();
    int first = halves.firstHalf(rows, input.rowsFromFirstWanted());
    if (first > 0) {
      fill(both[0], input, 0, first);
      both[0].begin(input.scatters());
    }
    fill(whole[0], input, first, rows);
    whole[0].begin(input.scatters());
    return first > 0 ? both : whole;
  }

  /// Gives a strand the rows `from` ≤ row < `to` of a step.
  private void fill(Strand strand, Input input, int from, int to) {
    strand.rows().clear();
    int row = 0;
    for (RunRows run : input.runs()) {
      int first = Math.max(from, row);
      int end = Math.min(to, row + run.count());
      if (first < end) {
        int wanted = end == row + run.count() ? run.wanted().rows() : 0;
        RunState state = first == row ? run.state() : run.state().rest();
        int position = run.position() + first - row;
        strand.rows().add(run.pages(), run.windows(), position, end - first, wanted, state);
      }
      row += run.count();
    }
    int bytes = row * layerBytes;
    int count = to - from;
    InputRows.read(input.rows(), row * dim, bytes, from * dim, count * dim, strand.input());
    InputRows.readLayerRows(
        input.rows(), bytes, from * layerBytes, count * layerBytes, strand.layerRows());
  }

  /// All rounds of a step, those of its strands by turns.
  ///
  /// @return nanoseconds spent waiting
  private long compute(Strand[] strands) {
    long waited = 0;
    boolean more = true;
    for (Strand strand : strands) {
      more = strand.advance();
      waited += send(strand);
      if (strands.length > 1) {
        waited += flush();
      }
    }
    while (more) {
      for (Strand strand : strands) {
        waited += receive(strand);
        more = strand.advance();
        if (more) {
          waited += send(strand);
        }
      }
    }
    return waited;
  }

  /// Answers a question about logits of a run, if they are still here.
  void answer(Question asked) {
    Input input = latest;
    int run = asked.run();
    if (input != null
        && input.step() == asked.step()
        && run >= 0
        && run < input.runs().size()
        && input.runs().get(run).wanted().rows() > 0) {
      tell(input, run, engine.answer(firstLogits(input, run), asked.question()));
    }
  }

  private void tell(Input input, int run, LogitsPart part) {
    root.tell(new Logits(assignment.epoch(), input.step(), assignment.rank(), run, part));
  }

  /// Tells every peer what is meant for it, the next rank first, so that not all send to the same
  /// one at once.
  ///
  /// @return nanoseconds spent
  private long send(Strand strand) {
    int place = Exchange.place(nextSent);
    strand.write(own[place].segment());
    long from = System.nanoTime();
    int self = assignment.rank();
    for (int i = 1; i < ranks.size(); i++) {
      int peer = (self + i) % ranks.size();
      FrameBuffer part = parts[place][peer].part(strand.sentFrom(peer), strand.sentBytes(peer));
      ranks.get(peer).tell(new Partial(assignment.epoch(), nextSent, self, part));
    }
    nextSent++;
    return System.nanoTime() - from;
  }

  /// Hands what was told to the sockets, so that it is on its way while this thread computes. Every
  /// [#receive] does that, too.
  ///
  /// @return nanoseconds spent
  private long flush() {
    long from = System.nanoTime();
    computeWait.await(RankSteps::nothing, from + stallNanos);
    return System.nanoTime() - from;
  }

  /// To wait for: what is told is handed over by then.
  private static boolean nothing() {
    return true;
  }

  /// Waits until a round is finished, and takes over what has arrived in it.
  ///
  /// @return nanoseconds spent waiting
  private long receive(Strand strand) {
    long from = System.nanoTime();
    if (ranks.size() > 1) {
      await(from + stallNanos);
      checkLengths(strand);
      exchange.tellLate(from, waits);
    }
    long waited = System.nanoTime() - from;
    strand.read(exchange.take(own[Exchange.place(exchange.current())].segment()));
    exchange.next();
    return waited;
  }

  private void await(long deadlineNanos) {
    boolean arrived = computeWait.await(settled, deadlineNanos);
    String failure = exchange.failure();
    if (failure != null) {
      throw new Aborted(assignment.rank(), failure);
    }
    if (!arrived) {
      throw new Aborted(
          exchange.missingRank(),
          "kept rank %d waiting for a partial for %d s"
              .formatted(assignment.rank(), Duration.ofNanos(stallNanos).toSeconds()));
    }
  }

  /// Nothing from the network is trusted.
  private void checkLengths(Strand strand) {
    for (int i = 1; i < ranks.size(); i++) {
      int peer = (assignment.rank() + i) % ranks.size();
      int bytes = exchange.length(peer);
      int expected = strand.receivedBytes(peer);
      if (bytes != expected) {
        throw new Aborted(
            peer, "sent a partial of %d bytes in place of %d".formatted(bytes, expected));
      }
    }
  }
}
