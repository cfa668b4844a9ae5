package dllama.cli;

import dllama.cluster.RootNode;
import dllama.cluster.root.NodesHere;
import dllama.cluster.root.RootModel;
import dllama.error.UserException;
import dllama.settings.HostAddress;
import dllama.settings.Settings;
import dllama.slice.ShardCache;
import dllama.step.ForwardPass;
import dllama.tensor.KernelReport;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/// A root with its workers.
final class ClusterRoot implements Root {
  private static final Duration WITHOUT_LIMIT = Duration.ofDays(36_500);

  /// A form that is boxed takes long to be told from one that is not compiled yet.
  private static final Duration KERNELS = Duration.ofSeconds(60);

  private final RootNode node;
  private final StatusLines lines = StatusLines.standard();
  private final Progress progress;
  private final Duration limit;
  private final Duration rehearsal;

  /// This root has no open port.
  private final boolean alone;

  ClusterRoot(Settings settings, LoadedModel model) {
    limit = settings.mode().interactive() ? WITHOUT_LIMIT : settings.cluster().nodesTimeout();
    progress = new Progress(lines, settings.mode().interactive());
    alone = settings.cluster().nodes().equals(Optional.of(1));
    rehearsal = settings.cluster().sync().rehearsal();
    ShardCache cache = CacheFolder.open(settings.cluster().weights().cache(), lines::say);
    Fingerprint fingerprint = Fingerprint.of(model, cache, new FirstReading(lines, model.name()));
    RootModel rootModel =
        new RootModel(
            model.source(),
            fingerprint.text(),
            fingerprint.whole(),
            model.exchange(),
            model.kv(),
            model.contextLength(),
            sequences(settings),
            settings.model().kvMemory(),
            settings.model().prefillBatch());
    node = RootNode.start(settings.cluster(), settings.akka(), rootModel, cache, progress);
    Runtime.getRuntime().addShutdownHook(new Thread(this::close, "goodbye"));
    if (!alone) {
      lines.say("root at %s; workers: --role worker --seed-node %<s".formatted(node.address()));
      if (!HostAddress.ofRoot(settings.cluster().host()).isLoopbackAddress()) {
        lines.say(
            "no cluster key yet: whoever reaches %s can read along; trusted networks only"
                .formatted(node.address()));
      }
    }
  }

  /// Whole contexts that are worth memory: one that is computed and one that may be asked for
  /// again, or as many as `bench` computes at once.
  private static int sequences(Settings settings) {
    return settings.bench().parallel().stream().mapToInt(Integer::intValue).reduce(2, Math::max);
  }

  @Override
  public ForwardPass forwardPass() {
    return node.forwardPass();
  }

  @Override
  public Ready awaitReady() throws InterruptedException {
    node.claim();
    return progress.await(limit);
  }

  @Override
  public void release() {
    node.release();
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
    progress.awaitRehearsed(rehearsal);
  }

  @Override
  public void tell(Consumer<String> listener) {
    lines.redirect(listener);
  }

  @Override
  public void close() {
    lines.close();
    node.close();
  }
}
