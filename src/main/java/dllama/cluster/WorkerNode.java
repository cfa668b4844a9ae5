package dllama.cluster;

import akka.actor.typed.ActorSystem;
import com.typesafe.config.Config;
import dllama.cluster.membership.NodeNames;
import dllama.cluster.membership.WorkerMembership.End;
import dllama.cluster.port.Refusals;
import dllama.cluster.rank.NodeMachine;
import dllama.cluster.rank.WorkerListener;
import dllama.error.UserException;
import dllama.key.NodeKeys;
import dllama.settings.ClusterSettings;
import dllama.settings.HostAddress;
import dllama.settings.SeedNode;
import dllama.slice.SliceCache;
import dllama.step.ForwardException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// A worker, running in this process until it is closed: joins a root, computes for it, and looks
/// for the next one when it is lost. An actor system that was cut off can never join again, so
/// every attempt is a new one; the slice of weights stays.
public final class WorkerNode implements AutoCloseable {
  private static final Duration RETRY = Duration.ofMillis(500);

  private final ClusterSettings settings;
  private final Config akka;
  private final NodeKeys keys;
  private final WorkerListener listener;
  private final NodeMachine machine;
  private final AtomicReference<ActorSystem<NodeGuardian.Command>> running =
      new AtomicReference<>();
  private final Refusals.Registration strangers;
  private volatile boolean closed;
  private boolean released;

  /// Why the last attempt failed, as long as none has succeeded since: said once.
  private String told = "";

  /// @param keys by which nodes know each other
  /// @param cache of slices; closed with this node
  public WorkerNode(
      ClusterSettings settings,
      Config akka,
      NodeKeys keys,
      SliceCache cache,
      WorkerListener listener) {
    this.settings = settings;
    this.akka = akka;
    this.keys = keys;
    this.listener = listener;
    machine = new NodeMachine(settings, cache, listener);
    strangers = Refusals.ofProcess().report(listener::stranger);
  }

  /// Works until [#close]; blocks.
  ///
  /// @throws UserException if this node can not listen, or the root will not take it in
  public void run() {
    while (!closed) {
      End end = attempt();
      if (end.refused()) {
        throw new UserException(end.why());
      }
      if (!closed && !end.why().equals(told)) {
        listener.lost(end.why());
        told = end.why();
      }
      pause();
    }
  }

  private End attempt() {
    try {
      return runOnce();
    } catch (ForwardException tooBusy) {
      if (running.get() == null) {
        throw tooBusy;
      }
      return new End(String.valueOf(tooBusy.getMessage()), false);
    }
  }

  private End runOnce() {
    var ended = new CompletableFuture<End>();
    List<String> seeds = new ArrayList<>();
    InetAddress host;
    try {
      for (SeedNode seed : settings.seedNodes()) {
        seeds.add(NodeSystem.text(HostAddress.resolve(seed.host())) + ":" + seed.port());
      }
      SeedNode first = settings.seedNodes().getFirst();
      host = HostAddress.ofWorker(settings.host(), HostAddress.resolve(first.host()));
    } catch (UserException e) {
      if (running.get() == null) {
        throw e; // a mistake of the user's
      }
      return new End(String.valueOf(e.getMessage()), false); // the network may be down for now
    }
    var exchange = NodeSystem.exchange(settings);
    ActorSystem<NodeGuardian.Command> system =
        NodeSystem.start(
            NodeGuardian.worker(
                exchange,
                machine.host(),
                seeds.stream().map(NodeSystem::addressOf).toList(),
                ended::complete),
            settings,
            akka,
            keys,
            exchange,
            NodeNames.WORKER,
            new InetSocketAddress(host, settings.port()),
            machine.host()::isAtWork);
    running.set(system);
    told = "";
    if (closed) {
      system.terminate();
    } else {
      listener.searching(NodeSystem.address(system), String.join(", ", seeds));
    }
    awaitEnd(system);
    return ended.getNow(new End("the root gave this worker up", false));
  }

  private void awaitEnd(ActorSystem<?> system) {
    try {
      system.getWhenTerminated().toCompletableFuture().get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed = true;
      NodeSystem.stop(system);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(RETRY.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed = true;
    }
  }

  /// The present actor system, for tests of what happens when an actor fails.
  ActorSystem<?> system() {
    return java.util.Objects.requireNonNull(running.get());
  }

  /// Ends [#run]; any thread.
  @Override
  public synchronized void close() {
    if (released) {
      return;
    }
    released = true;
    closed = true;
    strangers.close();
    ActorSystem<NodeGuardian.Command> system = running.get();
    if (system != null) {
      system.tell(NodeGuardian.Command.END);
      NodeSystem.awaitEnd(system);
    }
    machine.close();
  }
}
