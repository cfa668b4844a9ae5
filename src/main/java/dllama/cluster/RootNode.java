package dllama.cluster;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import com.typesafe.config.Config;
import dllama.cluster.membership.RootListener;
import dllama.cluster.port.Refusals;
import dllama.cluster.rank.CollectiveRule;
import dllama.cluster.rank.NodeMachine;
import dllama.cluster.rank.WorkerListener;
import dllama.cluster.root.ClusterForwardPass;
import dllama.cluster.root.ClusterGate;
import dllama.cluster.root.NodesHere;
import dllama.cluster.root.RootCoordinator;
import dllama.cluster.root.RootModel;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.RootMessage;
import dllama.error.UserException;
import dllama.key.NodeKeys;
import dllama.settings.ClusterSettings;
import dllama.slice.Shares;
import dllama.slice.SliceCache;
import dllama.step.ForwardException;
import dllama.step.ForwardPass;
import dllama.step.PagePool;
import dllama.tensor.DType;
import dllama.tensor.KernelReport;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;

/// The root of a cluster, running in this process: rank 0 of every world, and the [ForwardPass] of
/// the whole.
public final class RootNode implements AutoCloseable {
  private static final Duration START = Duration.ofMinutes(2);
  private static final Duration ANSWER = Duration.ofSeconds(30);
  private static final Duration GOODBYE = Duration.ofSeconds(1);

  private final RootSystem ground;
  private final NodeMachine machine;
  private final ActorSystem<NodeGuardian.Command> system;
  private final ActorRef<RootMessage> coordinator;
  private final ForwardPass forwardPass;
  private final Refusals.Registration strangers;
  private volatile boolean closing;
  private final List<DType> weightTypes;
  private boolean closed;

  /// Starts the node and begins to form a cluster; `listener` is told how that goes.
  ///
  /// @param akka Akka's configuration
  /// @param keys by which nodes know each other
  /// @param cache of slices; closed with this node
  /// @throws UserException if the address can not be bound, or the model can not run on the number
  ///     of nodes that is asked for, or this node can not hold its part even on the most nodes
  public static RootNode start(
      ClusterSettings settings,
      Config akka,
      NodeKeys keys,
      RootModel model,
      SliceCache cache,
      RootListener listener) {
    model.checkFrames(settings.sync().maxFrameBytes());
    CollectiveRule.check(settings.sync().collective(), model.exchange());
    List<Integer> usable = model.usableWorldSizes();
    var gate =
        new ClusterGate(
            settings.nodes().orElse(0),
            usable,
            settings.formTimeout(),
            settings.aloneTimeout(),
            System.nanoTime());
    int most = settings.nodes().orElse(usable.isEmpty() ? 1 : usable.getLast());
    return new RootNode(settings, akka, keys, model, cache, gate, most, listener);
  }

  private RootNode(
      ClusterSettings settings,
      Config akka,
      NodeKeys keys,
      RootModel model,
      SliceCache cache,
      ClusterGate gate,
      int mostNodes,
      RootListener listener) {
    weightTypes = model.spec().weightTypes();
    boolean alone = settings.nodes().equals(Optional.of(1)); // nobody is to join
    var exchange = NodeSystem.exchange(settings);
    machine = new NodeMachine(settings, cache, WorkerListener.silent());
    ground =
        alone
            ? new LoneRoot(akka)
            : new ClusteredRoot(settings, akka, keys, machine.host()::isAtWork);
    int maxBatchTokens = model.maxBatchTokens(settings.sync().maxFrameBytes());
    long memory = machine.host().memory();
    Assignment part =
        model.assignment(
            0,
            Shares.given(model.shares().parts(), mostNodes),
            maxBatchTokens,
            settings.sync(),
            _ -> memory);
    machine
        .host()
        .objection(part)
        .ifPresent(
            objection -> {
              throw new UserException("this node " + objection);
            });
    machine.host().warmUp(part.world()); // while the actor system starts, which keeps one core busy
    var started = new CompletableFuture<ActorRef<RootMessage>>();
    var pool = new AtomicReference<>(PagePool.NONE);
    system =
        ground.start(
            NodeGuardian.root(
                ground,
                exchange,
                machine.host(),
                model,
                gate,
                settings,
                listener,
                pool,
                started::complete),
            exchange);
    strangers = Refusals.ofProcess().report(listener::stranger);
    system
        .getWhenTerminated()
        .whenComplete(
            (_, _) -> {
              if (!closing) {
                listener.ended("this node was ended by an error, see above or in the log");
              }
            });
    coordinator = await(started);
    forwardPass = new ClusterForwardPass(model, maxBatchTokens, pool, coordinator);
  }

  private static <T> T await(CompletableFuture<T> started) {
    try {
      return started.get(START.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new ForwardException("this machine is too busy: the root did not start in time");
    } catch (ExecutionException e) {
      throw new IllegalStateException("the root's actors did not start", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// The cluster's forward pass. A step fails with a
  /// [ForwardException][dllama.step.ForwardException] while no world is ready.
  public ForwardPass forwardPass() {
    return forwardPass;
  }

  /// What this node computes with.
  public KernelReport kernels() {
    return machine.host().kernels(weightTypes);
  }

  /// Waits until it is decided what this node computes with, for no longer than this.
  public void awaitKernels(Duration limit) throws InterruptedException {
    machine.host().awaitKernels(limit);
  }

  /// Keeps the present world, unless it is lost, until [#release]. A root begins so.
  public void claim() throws InterruptedException {
    var done = new CompletableFuture<Boolean>();
    coordinator.tell(new RootCoordinator.Claim(done));
    answer(done);
  }

  /// Nobody is answered until the next [#claim]: a larger world, or the one that is asked for, may
  /// take the place of the present one.
  public void release() {
    coordinator.tell(new RootCoordinator.Release());
  }

  /// Which nodes there are.
  ///
  /// @param wanted nodes wanted from now on, 0 for as many as there are; empty to change nothing
  /// @throws UserException if so many can not be; what was wanted stays so
  public NodesHere nodes(OptionalInt wanted) throws InterruptedException {
    var answer = new CompletableFuture<NodesHere>();
    coordinator.tell(new RootCoordinator.AskNodes(wanted, answer));
    return answer(answer).withRoot(machine.host().figures());
  }

  private static <T> T answer(CompletableFuture<T> asked) throws InterruptedException {
    try {
      return asked.get(ANSWER.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new ForwardException("this machine is too busy: the root does not answer");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UserException refusal) {
        throw refusal;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /// `host:port` that workers join by, if they can.
  public String address() {
    return ground.address(system);
  }

  /// For tests of what happens when an actor fails.
  ActorSystem<?> system() {
    return system;
  }

  /// Tells the workers that the root ends and frees everything; waits for at most some seconds.
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    closing = true;
    strangers.close();
    var told = new CompletableFuture<Boolean>();
    coordinator.tell(new RootCoordinator.Ending(told));
    await(told.completeOnTimeout(false, GOODBYE.toMillis(), TimeUnit.MILLISECONDS));
    NodeSystem.stop(system);
    machine.close();
  }
}
