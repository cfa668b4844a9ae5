package dllama.cluster.root;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ChildFailed;
import akka.actor.typed.javadsl.ActorContext;
import dllama.cluster.membership.RootListener;
import dllama.cluster.membership.SignsOfLife;
import dllama.cluster.rank.CollectiveRule;
import dllama.cluster.rank.RankHost;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.MembersMessage;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.SliceOrigin;
import dllama.error.UserException;
import dllama.settings.ClusterSettings;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The root's worlds from gathering to loss: which nodes there are, when they form a world, which
/// of its ranks have loaded, and why there is none. Owned by [RootCoordinator], whose thread it is
/// on.
///
/// Whatever goes wrong with a rank ends the world: its step fails, all its shards are told, and
/// gathering starts anew, under another epoch.
final class WorldFormation {
  private static final FormationState GATHERING = new FormationState.Gathering();

  private final RootModel model;
  private final ClusterGate gate;
  private final RootListener listener;
  private final ActorRef<RootMessage> root;
  private final ActorRef<MembersMessage> members;
  private final RootSteps steps;
  private final Rehearsals rehearsals;
  private final Supplier<WeightStreams> streams;
  private final BooleanSupplier needed;
  private final Workers workers = new Workers();
  private final WorldDraft draft;

  private FormationState state = GATHERING;
  private SignsOfLife signsOfLife;
  private String waiting = "";

  /// Why there has been no world since the last one; empty if there was none, or one is ready.
  private String lost = "";

  /// This node itself could not be a rank; the same nodes once more would not change that.
  private boolean unfit;

  /// @param context of the coordinator
  /// @param host this node's, for what it can hold
  /// @param self this node
  /// @param steps those of the present world
  /// @param needed whether somebody is answered, or asks
  WorldFormation(
      ActorContext<RootMessage> context,
      RootModel model,
      ClusterGate gate,
      ClusterSettings settings,
      RootListener listener,
      RankHost host,
      Node self,
      ActorRef<MembersMessage> members,
      RootSteps steps,
      BooleanSupplier needed) {
    this.model = model;
    this.gate = gate;
    this.listener = listener;
    draft = new WorldDraft(model, settings, host, workers, self);
    this.members = members;
    this.steps = steps;
    this.needed = needed;
    root = context.getSelf();
    rehearsals = new Rehearsals(context, settings.sync(), listener);
    streams = () -> new WeightStreams(context, model.source(), settings.weights());
    signsOfLife = new SignsOfLife(members, List.of());
    gate.changed(System.nanoTime()); // from now on workers can come
    if (model.shares().measured() && !gate.isAlone()) {
      self.shard().tell(new RankMessage.Measure(self.key(), root));
    }
  }

  /// The world that loads or is ready; null while there is none.
  @Nullable World world() {
    return state.world();
  }

  /// The world that can do steps; empty while there is none.
  Optional<World> ready() {
    return state instanceof FormationState.Ready(World world)
        ? Optional.of(world)
        : Optional.empty();
  }

  /// What is waited for, in one line; empty when a world is ready.
  String waiting() {
    return waiting;
  }

  /// Why no world is ready, in one line.
  String obstacle() {
    return lost.isEmpty() ? waiting : lost;
  }

  /// Whether there is a world of this epoch, and it has such a rank.
  boolean isCurrent(long epoch, int rank) {
    World world = world();
    return world != null && world.epoch() == epoch && rank >= 0 && rank < world.size();
  }

  // ---- gathering

  /// A worker is on its way.
  void coming(String address) {
    workers.coming(address);
    onNodesChanged();
  }

  /// A worker can be used from now on, or is asked how fast it is, if that matters.
  void joined(Node worker) {
    if (model.shares().measured() && worker.speed() == 0) {
      workers.measuring(worker);
      worker.shard().tell(new RankMessage.Measure(worker.key(), root));
      return;
    }
    workers.joined(worker);
    onNodesChanged();
    World world = world();
    int possible = gate.largestUsable(workers.nodes());
    int before = gate.largestUsable(workers.nodes() - 1);
    if (world != null && possible > Math.max(world.size(), before)) {
      boolean soon = gate.replaces(possible, world.size(), System.nanoTime());
      listener.spare(worker.address(), world.size(), possible, soon);
    }
    gather();
  }

  /// A node was asked how fast it is; `key` is what it alone shares with the root.
  void measured(long key, long speed) {
    if (key == draft.self().key()) {
      draft.measured(speed);
      gather();
    } else {
      workers.measured(key).ifPresent(worker -> joined(worker.withSpeed(speed)));
    }
  }

  /// A worker can not be used any more; `why` completes "the worker at … ".
  void gone(String address, String why) {
    if (!workers.gone(address)) {
      return;
    }
    onNodesChanged();
    World world = world();
    if (world != null && world.has(address)) {
      lose(world, world.rankOf(address), why);
    } else {
      listener.left(address, why);
    }
    gather();
  }

  private void onNodesChanged() {
    gate.changed(System.nanoTime());
    unfit = false;
  }

  /// Forms a world if there is none and the gate opens. To be called now and then, because a gate
  /// also opens by itself.
  void gather() {
    if (!(state instanceof FormationState.Gathering) || unfit) {
      return;
    }
    if (model.shares().measured() && draft.self().speed() == 0 && !gate.isAlone()) {
      await("this node measures how fast it is");
      return;
    }
    long now = System.nanoTime();
    switch (gate.decide(workers.nodes(), workers.onTheirWay(), needed.getAsBoolean(), now)) {
      case ClusterGate.Decision.Wait(String what) -> await(what);
      case ClusterGate.Decision.Form(int nodes) -> {
        Assignment assignment = draft.assignment(nodes);
        Optional<String> objection = draft.objection(assignment);
        if (objection.isPresent()) {
          await(objection.get());
        } else {
          form(assignment, false);
        }
      }
    }
  }

  // ---- another number of nodes

  /// Has another number of nodes wanted from now on; 0 for as many as there are.
  ///
  /// @throws UserException if that can not be; the present number stays wanted
  void want(int nodes) {
    int before = gate.wanted();
    gate.want(nodes);
    Optional<String> objection =
        nodes == 0 ? Optional.empty() : draft.objection(draft.assignment(nodes));
    if (objection.isPresent()) {
      gate.want(before);
      throw new UserException(objection.get());
    }
    workers.takeAllIn();
    unfit = false;
    gather();
  }

  /// Forms the world anew, of other nodes, if the gate has it so. Only while nobody is answered.
  void adapt() {
    if (state instanceof FormationState.Ready(World former)) {
      gate.change(former.size(), workers.nodes(), System.nanoTime())
          .ifPresent(nodes -> replace(former, draft.assignment(nodes)));
    }
  }

  private void replace(World former, Assignment assignment) {
    int nodes = assignment.world().size();
    if (draft.objection(assignment).isEmpty()) {
      String why = "the root forms a world of %d".formatted(nodes);
      listener.changing(nodes);
      gate.lost(former.size()); // if the next one fails, this one's nodes are here
      dissolve(former, 0, why, why);
      form(assignment, nodes > former.size());
    }
  }

  /// Forms the world anew without a node that makes it slow, which stands by. Only while nobody is
  /// answered.
  ///
  /// @param nodes of the world without it
  /// @return false if that can not be: so many nodes are asked for, or the others have not the
  ///     memory
  boolean leaveOutSlow(World former, String address, int nodes) {
    if (gate.wanted() != 0) {
      return false;
    }
    workers.leaveOut(address);
    Assignment assignment = draft.assignment(nodes);
    if (draft.objection(assignment).isPresent() || !draft.fitsWorkers(assignment)) {
      workers.takeIn(address);
      return false;
    }
    replace(former, assignment);
    return true;
  }

  /// A node that stands by is wanted again.
  ///
  /// @return whether it stood by
  boolean takeIn(String address) {
    return workers.takeIn(address);
  }

  NodesHere nodes() {
    World world = world();
    List<String> computing =
        world == null ? List.of() : world.ranks().stream().map(Node::address).toList();
    return new NodesHere(gate.wanted(), computing, workers.without(computing), waiting);
  }

  /// This node and the workers that can be used.
  List<Node> known() {
    return workers.with(draft.self());
  }

  /// What is known of a worker has changed.
  void replace(Node worker) {
    workers.replace(worker);
  }

  /// Nodes of the largest world that could be formed if one were lost.
  int oneLess() {
    return gate.largestUsable(workers.nodes() - 1);
  }

  /// What rank 0 of a world of so many nodes would have to know; empty if this node could not be
  /// that.
  Optional<Assignment> draft(int nodes) {
    return Optional.of(draft.assignment(nodes)).filter(it -> draft.objection(it).isEmpty());
  }

  private void await(String what) {
    if (!what.equals(waiting)) {
      waiting = what;
      listener.waiting(what);
    }
  }

  private void form(Assignment assignment, boolean anew) {
    int nodes = assignment.world().size();
    steps.reset(assignment);
    waiting = "the cluster is loading the model";
    World formed =
        World.form(
            assignment.epoch(),
            assignment.world().plan(),
            draft.nodes(assignment),
            rank -> assignment.forRank(rank).sliceKey());
    signsOfLife = new SignsOfLife(members, formed.ranks());
    listener.forming(nodes);
    CollectiveRule.of(assignment.world()).notice().ifPresent(listener::notice);
    if (!assignment.world().plan().shares().areEqual()) {
      listener.notice(formed.shares());
    }
    long now = System.nanoTime();
    state =
        new FormationState.Loading(
            new WorldLoading(formed, assignment, anew, root, streams.get(), now));
    rehearsals.begin(assignment, formed);
  }

  // ---- loading

  /// To be called now and then, because messages may be lost.
  ///
  /// @param passed since the last call
  void remind(Duration passed) {
    if (state instanceof FormationState.Loading(WorldLoading loading)) {
      loading.remind(passed);
    }
  }

  /// A rank of the present world has memory for its slice and holds none.
  void sendSlice(int rank) {
    if (state instanceof FormationState.Loading(WorldLoading loading)) {
      loading.sendSlice(rank);
    }
  }

  /// A rank of the present world has loaded so much.
  void loading(int rank, long bytes, long total) {
    World world = world();
    if (world != null) {
      listener.loading(rank, world.ranks().get(rank).address(), bytes, total);
    }
  }

  /// A rank of the present world can compute.
  void loaded(int rank, SliceOrigin origin) {
    if (state instanceof FormationState.Loading(WorldLoading loading)) {
      loading.loaded(rank, origin).ifPresent(workers::replace);
      if (loading.isComplete()) {
        ready(loading);
      }
    }
  }

  private void ready(WorldLoading loading) {
    World world = loading.world();
    state = new FormationState.Ready(world);
    gate.ready(world.size());
    waiting = "";
    lost = "";
    tellWhoComputes(world);
    listener.ready(world.size(), loading.cached(), loading.millis(System.nanoTime()));
    rehearsals.loaded();
  }

  private void tellWhoComputes(World world) {
    Set<String> others =
        world.ranks().stream().skip(1).map(Node::address).collect(Collectors.toSet());
    members.tell(new MembersMessage.Computing(world.size(), others));
  }

  /// An actor that sends weights has failed: without it a rank can not load.
  void failed(ChildFailed child) {
    if (state instanceof FormationState.Loading(WorldLoading loading)) {
      World world = loading.world();
      loading.rankOf(child.getRef()).ifPresent(rank -> unreadable(world, rank, child.cause()));
    }
  }

  private void unreadable(World world, int rank, Throwable cause) {
    String whose = world.name(rank);
    lose(world, 0, "could not read the weights for %s: %s".formatted(whose, cause.getMessage()));
    unfit = true; // the same file once more would not be another one
  }

  // ---- computing

  /// A step is asked for, which takes the place of a rehearsal.
  void endRehearsal() {
    rehearsals.end("a step is asked for");
  }

  /// Something of a rank of the present world has arrived.
  void heard(int rank) {
    signsOfLife.heard(rank);
  }

  // ---- losing

  /// The world can not go on because of `rank`, whose node is taken out of the cluster; it starts
  /// anew and may join again. `why` completes "the worker at … ".
  void expel(int rank, String why) {
    World world = world();
    if (rank != 0 && world != null) {
      members.tell(new MembersMessage.Expel(world.ranks().get(rank).address()));
    }
    leaveOut(rank, why);
  }

  /// Ends the world; the rank's node is not used again until it joins again.
  void leaveOut(int rank, String why) {
    World world = world();
    if (world == null) {
      return;
    }
    if (rank != 0) {
      workers.gone(world.ranks().get(rank).address());
      onNodesChanged();
    } else {
      unfit = state instanceof FormationState.Loading;
    }
    lose(world, rank, why);
    gather();
  }

  /// @param culprit rank that the world ends for
  /// @param reason completes its name
  private void lose(World former, int culprit, String reason) {
    String why = "%s %s".formatted(former.name(culprit), reason);
    if (state instanceof FormationState.Loading(WorldLoading loading) && loading.anew()) {
      gate.failed(former.size(), System.nanoTime());
    }
    if (state instanceof FormationState.Ready) {
      gate.lost(former.size());
    }
    workers.takeAllIn(); // what is left may need them
    waiting = why;
    lost = why;
    listener.lost(why); // before the step fails: the next question must wait for the nodes
    dissolve(former, culprit, reason, why);
  }

  private void dissolve(World former, int culprit, String reason, String why) {
    state = GATHERING;
    rehearsals.end(why);
    steps.fail(why);
    members.tell(new MembersMessage.Computing(0, Set.of()));
    for (int rank = 0; rank < former.size(); rank++) {
      String told = rank == culprit && rank != 0 ? "this worker " + reason : why;
      former.tell(rank, new RankMessage.Dissolve(former.epoch(), told));
    }
  }
}
