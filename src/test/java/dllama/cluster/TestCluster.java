package dllama.cluster;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.Conformance;
import dllama.cluster.membership.RootListener;
import dllama.cluster.rank.WorkerListener;
import dllama.cluster.root.RootModel;
import dllama.error.UserException;
import dllama.format.dllama.DllamaFile;
import dllama.key.NodeKeys;
import dllama.model.ModelSource;
import dllama.settings.Settings;
import dllama.settings.Settings.Option;
import dllama.slice.SliceCache;
import dllama.step.ForwardPass;
import dllama.step.OneSequence;
import dllama.tensor.DType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Root and workers as actor systems of this JVM, over real sockets on loopback.
final class TestCluster implements AutoCloseable {
  /// For a few sequences.
  static final int PAGES = 12;

  /// Many nodes, few cores.
  private static final Option WITHOUT_WARM_UP =
      new Option("weights.warm-up", "weights.warm-up", "off");

  private static final String REHEARSAL = "dllama.sync.rehearsal";

  final List<String> events = new CopyOnWriteArrayList<>();
  final List<WorkerNode> workers = new ArrayList<>();
  private final List<Thread> threads = new ArrayList<>();
  private final ModelSource source;
  private final String name;
  private final AutoCloseable file;
  private final Properties properties;
  private final NodeKeys keys;

  /// Where each node has a folder of slices; nothing is kept without.
  private final @Nullable Path caches;

  private RootNode root;

  TestCluster(String modelCase, DType exchange, int nodes, Properties properties) {
    this(modelCase, exchange, nodes, properties, NodeKeys.none());
  }

  /// @param keys of all nodes
  TestCluster(String modelCase, DType exchange, int nodes, Properties properties, NodeKeys keys) {
    this(modelCase, exchange, String.valueOf(nodes), properties, keys);
    for (int worker = 1; worker < nodes; worker++) {
      startWorker();
    }
  }

  /// A root without workers.
  ///
  /// @param wanted as for `--nodes`
  TestCluster(String modelCase, DType exchange, String wanted, Properties properties) {
    this(modelCase, exchange, wanted, properties, NodeKeys.none());
  }

  private TestCluster(
      String modelCase, DType exchange, String wanted, Properties properties, NodeKeys keys) {
    this(modelCase, exchange, wanted, properties, keys, null);
  }

  /// A root without workers, of nodes that keep slices, each in a folder of its own.
  TestCluster(String modelCase, DType exchange, String wanted, Properties properties, Path caches) {
    this(modelCase, exchange, wanted, properties, NodeKeys.none(), caches);
  }

  private TestCluster(
      String modelCase,
      DType exchange,
      String wanted,
      Properties properties,
      NodeKeys keys,
      @Nullable Path caches) {
    this.properties = properties;
    this.keys = keys;
    this.caches = caches;
    DllamaFile model = DllamaFile.open(Conformance.file(modelCase, "model.m"));
    source = new ModelSource.Weights(model.spec(), model.weights());
    name = modelCase;
    file = model;
    root = startRoot(exchange, wanted, 0);
  }

  /// Of a model that is in no file.
  TestCluster(ModelSource source, DType exchange, int nodes, Properties properties) {
    this.properties = properties;
    keys = NodeKeys.none();
    caches = null;
    this.source = source;
    name = "made up";
    file = () -> {};
    root = startRoot(exchange, String.valueOf(nodes), 0);
    for (int worker = 1; worker < nodes; worker++) {
      startWorker();
    }
  }

  private RootNode startRoot(DType exchange, String nodes, int port) {
    Settings settings =
        settings(
            new Option("--role", "role", "root"),
            new Option("--host", "host", "127.0.0.1"),
            new Option("--nodes", "nodes", nodes),
            new Option("--port", "port", String.valueOf(port)),
            new Option("--threads", "threads", "1"),
            WITHOUT_WARM_UP);
    var model =
        new RootModel(
            source,
            name,
            caches != null,
            settings.cluster().shares(),
            exchange,
            DType.F32,
            source.spec().contextLength(),
            PAGES,
            OptionalLong.empty(),
            32);
    root =
        RootNode.start(
            settings.cluster(), settings.akka(), keys, model, cache("root"), new Recorder());
    return root;
  }

  WorkerNode startWorker() {
    return startWorker(new Properties());
  }

  WorkerNode startWorker(Properties own) {
    Settings settings =
        settings(
            own,
            new Option("--role", "role", "worker"),
            new Option("--seed-node", "seed-nodes", List.of(root.address())),
            new Option("--threads", "threads", "1"),
            WITHOUT_WARM_UP);
    var worker =
        new WorkerNode(
            settings.cluster(),
            settings.akka(),
            keys,
            cache("worker-" + workers.size()),
            WorkerListener.silent());
    Thread thread = new Thread(() -> run(worker), "worker-" + workers.size());
    thread.start();
    workers.add(worker);
    threads.add(thread);
    return worker;
  }

  private SliceCache cache(String node) {
    return caches == null
        ? SliceCache.off()
        : SliceCache.open(caches.resolve(node), OptionalLong.empty(), events::add);
  }

  private void run(WorkerNode worker) {
    try {
      worker.run();
    } catch (UserException refused) {
      events.add("worker refused: " + refused.getMessage());
    }
  }

  private Settings settings(Option... options) {
    return settings(new Properties(), options);
  }

  private Settings settings(Properties own, Option... options) {
    Properties all = new Properties();
    all.setProperty(REHEARSAL, "0s");
    all.putAll(properties);
    all.putAll(own);
    return Settings.load(Optional.empty(), all, List.of(options));
  }

  RootNode root() {
    return root;
  }

  ForwardPass forwardPass() {
    return root.forwardPass();
  }

  /// Waits until `event` was told to the root's listener `times` times; long, because machines that
  /// build something else stand still for half a minute.
  void await(String event, int times) {
    await(Duration.ofSeconds(90), () -> count(event) >= times);
  }

  long count(String event) {
    return events.stream().filter(line -> line.startsWith(event)).count();
  }

  void await(Duration limit, BooleanSupplier condition) {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, () -> "after " + limit + ": " + events);
      try {
        TimeUnit.MILLISECONDS.sleep(5);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /// Greedy continuation of `prompt`, fed in batches of at most `batch` tokens.
  static int[] greedy(ForwardPass forwardPass, int[] prompt, int steps, int batch) {
    int[] tokens = new int[steps];
    int position = 0;
    float[] logits = {};
    while (position < prompt.length) {
      int to = Math.min(position + batch, prompt.length);
      int[] part = java.util.Arrays.copyOfRange(prompt, position, to);
      logits = new OneSequence(forwardPass).logits(part, position);
      position = to;
    }
    for (int step = 0; step < steps; step++) {
      tokens[step] = argmax(logits);
      if (step + 1 < steps) {
        logits = new OneSequence(forwardPass).logits(new int[] {tokens[step]}, position++);
      }
    }
    return tokens;
  }

  private static int argmax(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }

  @Override
  public void close() {
    root.close();
    workers.forEach(WorkerNode::close);
    for (Thread thread : threads) {
      try {
        thread.join(10_000);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    try {
      file.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private final class Recorder implements RootListener {
    @Override
    public void waiting(String what) {
      events.add("waiting: " + what);
    }

    @Override
    public void forming(int nodes) {
      events.add("forming: " + nodes);
    }

    @Override
    public void notice(String what) {
      events.add("notice: " + what);
    }

    @Override
    public void loading(int rank, String address, long bytes, long total) {
      if (bytes == total) {
        events.add("loaded: " + rank);
      }
    }

    @Override
    public void ready(int nodes, int cached, long loadMillis) {
      events.add("ready: " + nodes + (cached > 0 ? ", cached " + cached : ""));
    }

    @Override
    public void rehearsed(String why) {
      events.add("rehearsed: " + why);
    }

    @Override
    public void joined(String address) {
      events.add("joined: " + address);
    }

    @Override
    public void spare(String address, int nodes, int possible, boolean soon) {
      events.add("spare: " + nodes + " " + possible + (soon ? " soon" : ""));
    }

    @Override
    public void changing(int nodes) {
      events.add("changing: " + nodes);
    }

    @Override
    public void left(String address, String why) {
      events.add("left: " + address + " " + why);
    }

    @Override
    public void refused(String address, String why) {
      events.add("refused: " + why);
    }

    @Override
    public void stranger(String what) {
      events.add("stranger: " + what);
    }

    @Override
    public void ended(String why) {
      events.add("ended: " + why);
    }

    @Override
    public void lost(String why) {
      events.add("lost: " + why);
    }
  }
}
