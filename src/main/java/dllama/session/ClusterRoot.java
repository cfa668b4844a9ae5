package dllama.session;

import dllama.cluster.RootNode;
import dllama.cluster.root.NodesHere;
import dllama.cluster.root.RootModel;
import dllama.error.UserException;
import dllama.generation.Recovery;
import dllama.key.KeySource;
import dllama.key.NodeKeys;
import dllama.settings.HostAddress;
import dllama.settings.Settings;
import dllama.slice.SliceCache;
import dllama.step.ForwardPass;
import dllama.tensor.KernelReport;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/// A root with its workers. Any thread.
public final class ClusterRoot implements Root {
  private static final Duration WITHOUT_LIMIT = Duration.ofDays(36_500);

  /// A form that is boxed takes long to be told from one that is not compiled yet.
  private static final Duration KERNELS = Duration.ofSeconds(60);

  private final RootNode node;
  private final SessionListener listener;
  private final WorldWatch world;
  private final Duration limit;
  private final Duration rehearsal;

  /// This root has no open port.
  private final boolean alone;

  /// Who is answered now.
  private int claims;

  /// Starts the node and begins to form a cluster.
  ///
  /// @param keys by which nodes know each other
  /// @param cache of slices; closed with this root
  /// @throws UserException if it can not be with this model and these settings
  public static ClusterRoot start(
      Settings settings,
      NodeKeys keys,
      LoadedModel model,
      SliceCache cache,
      SessionListener listener) {
    ClusterRoot root = new ClusterRoot(settings, keys, model, cache, listener);
    if (!root.alone) {
      Optional<KeySource> needed = keys.at(HostAddress.ofRoot(settings.cluster().host()));
      listener.listening(root.node.address(), needed.isPresent(), keys.fresh());
    }
    return root;
  }

  private ClusterRoot(
      Settings settings,
      NodeKeys keys,
      LoadedModel model,
      SliceCache cache,
      SessionListener listener) {
    this.listener = listener;
    limit = settings.mode().interactive() ? WITHOUT_LIMIT : settings.cluster().nodesTimeout();
    world = new WorldWatch(listener);
    alone = settings.cluster().nodes().equals(Optional.of(1));
    rehearsal = settings.cluster().sync().rehearsal();
    Fingerprint fingerprint =
        Fingerprint.of(
            model, cache, (bytes, total) -> listener.reading(model.name(), bytes, total));
    RootModel rootModel =
        new RootModel(
            model.source(),
            fingerprint.text(),
            fingerprint.whole(),
            settings.cluster().shares(),
            model.exchange(),
            model.kv(),
            model.contextLength(),
            sequences(settings),
            settings.model().kvMemory(),
            model.prefillBatch());
    node = RootNode.start(settings.cluster(), settings.akka(), keys, rootModel, cache, world);
  }

  /// Whole contexts that are worth memory: one that is computed and one that may be asked for
  /// again, or as many as are computed at once.
  private static int sequences(Settings settings) {
    int served = settings.serves() ? settings.api().parallel() : 2;
    return settings.bench().parallel().stream()
        .mapToInt(Integer::intValue)
        .reduce(Math.max(2, served), Math::max);
  }

  @Override
  public ForwardPass forwardPass() {
    return node.forwardPass();
  }

  @Override
  public Ready awaitReady() throws InterruptedException {
    return awaitReady(limit);
  }

  @Override
  public Ready awaitReady(Duration most) throws InterruptedException {
    synchronized (this) {
      claims++;
    }
    node.claim();
    return world.await(most);
  }

  @Override
  public Recovery recovery() {
    return (_, most) -> world.await(most, limit);
  }

  @Override
  public synchronized void release() {
    claims--;
    if (claims == 0) {
      node.release();
    }
  }

  @Override
  public NodesHere nodes(OptionalInt wanted) throws InterruptedException {
    if (alone && !wanted.equals(OptionalInt.of(1)) && wanted.isPresent()) {
      throw new UserException("workers can not come to a root that was started with --nodes 1");
    }
    return node.nodes(wanted);
  }

  @Override
  public KernelReport kernels() {
    return node.kernels();
  }

  @Override
  public KernelReport awaitKernels() throws InterruptedException {
    node.awaitKernels(KERNELS);
    return node.kernels();
  }

  @Override
  public void awaitRehearsed() throws InterruptedException {
    world.awaitRehearsed(rehearsal);
  }

  @Override
  public void close() {
    listener.closing();
    node.close();
  }
}
