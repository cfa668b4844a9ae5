package dllama.settings;

import dllama.error.UserException;
import dllama.key.ClusterKey;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// How the nodes find each other and talk.
///
/// @param host address or name to bind and announce; empty: by the rules of [HostAddress]
/// @param port 0: any free one
/// @param threads compute threads of this node
/// @param vectorKernels whether it computes with vectors; with plain loops otherwise
/// @param vectorBits width of its vectors at most; empty: as it was found to be good
/// @param seedNodes where a worker looks for its root; never empty on a worker
/// @param nodes nodes wanted, root included, a power of two or as many as there are shares; empty:
///     as many as are there
/// @param shares how much of the model each node takes
/// @param formTimeout how long the set of nodes must not change before an automatic world forms
/// @param aloneTimeout the same while no worker has shown up
/// @param nodesTimeout how long a mode that is not interactive waits for `nodes`
/// @param slowRetry after which time a node that was left out is tried again; zero: none is
/// @param key what is said of the cluster key
public record ClusterSettings(
    Optional<String> host,
    int port,
    int threads,
    boolean vectorKernels,
    Optional<Integer> vectorBits,
    List<SeedNode> seedNodes,
    Optional<Integer> nodes,
    SharesSetting shares,
    Duration formTimeout,
    Duration aloneTimeout,
    Duration nodesTimeout,
    Duration slowRetry,
    Key key,
    Sync sync,
    Weights weights,
    Exchange exchange) {

  /// The secret that the nodes of a cluster share.
  ///
  /// @param file that holds it; empty: the user's
  /// @param key itself, which counts before the file
  /// @param join code of the key, to be kept in the file; `-`: it is read from standard input
  /// @param insecure whether the node does without
  /// @param rotate step from one key to the next, for the command that shows it
  public record Key(
      Optional<Path> file,
      Optional<ClusterKey> key,
      Optional<String> join,
      boolean insecure,
      Optional<Rotate> rotate) {
    /// Steps from one key to the next, in this order, each to be done on all nodes.
    public enum Rotate {
      ADD,
      USE,
      DROP
    }

    static Key from(Values values) {
      Values key = values.below("cluster-key");
      Key settings =
          new Key(
              key.unlessAuto("file", Values::path),
              key.textIfAny("text").map(ClusterKey::parse),
              key.textIfAny("join"),
              values.flag("insecure"),
              key.textIfAny("rotate").map(_ -> key.choice("rotate", EnumSet.allOf(Rotate.class))));
      if (settings.insecure
          && (settings.file.isPresent() || settings.key.isPresent() || settings.join.isPresent())) {
        throw new UserException(
            "--insecure does without a cluster key, and one is given; leave one of them out");
      }
      return settings;
    }
  }

  /// The exchange of partials.
  ///
  /// @param timeout silence after which a node counts as lost
  /// @param stallTimeout how long a node that is alive may keep the others waiting
  /// @param maxFrameBytes largest frame
  /// @param collective how partials become sums
  /// @param overlap whether long steps are done in halves
  /// @param rehearsal how long rehearsing may go on after loading; zero: nothing is rehearsed
  public record Sync(
      Duration timeout,
      Duration stallTimeout,
      int maxFrameBytes,
      CollectiveType collective,
      Overlap overlap,
      Duration rehearsal) {}

  /// The way of the weights to the workers.
  ///
  /// @param chunkBytes bytes per message
  /// @param window messages under way to one worker that are not yet acknowledged
  /// @param memoryLimit bytes that this node's weights and cache may take
  /// @param warmUp whether kernels are compiled meanwhile
  /// @param aheadRate bytes a second of slices that nodes get beforehand; 0: they get none
  public record Weights(
      int chunkBytes, int window, long memoryLimit, Cache cache, boolean warmUp, long aheadRate) {
    /// The same with another number of messages under way.
    public Weights withWindow(int messages) {
      return new Weights(chunkBytes, messages, memoryLimit, cache, warmUp, aheadRate);
    }

    private static Weights from(Values weights) {
      boolean ahead = !weights.text("ahead-rate").equals("off");
      return new Weights(
          weights.bytes("chunk-bytes", 4 << 10, 1 << 20),
          weights.integer("window", 1, 1024),
          weights.unlessAuto("memory-limit", Values::size).orElseGet(Memory::forWeights),
          Cache.from(weights),
          weights.flag("warm-up"),
          ahead ? weights.bytes("ahead-rate", 64 << 10, 1 << 30) : 0);
    }
  }

  /// Slices that are kept in a folder for the next start.
  ///
  /// @param on whether there is one
  /// @param limit bytes of all slices; empty: by what is free
  /// @param folder empty: where the operating system has such things
  /// @param mapped whether slices are left in their files; empty: where memory is short
  public record Cache(
      boolean on, OptionalLong limit, Optional<Path> folder, Optional<Boolean> mapped) {
    /// Whether a slice of `bytes` bytes is left in its file.
    public boolean maps(long bytes) {
      return mapped.orElseGet(() -> bytes > Memory.available().orElse(Long.MAX_VALUE));
    }

    static Cache from(Values weights) {
      String limit = weights.text("cache-limit");
      boolean on = !limit.equals("off") && !limit.equals("0");
      return new Cache(
          on,
          on && !limit.equals(Values.AUTO)
              ? OptionalLong.of(weights.size("cache-limit"))
              : OptionalLong.empty(),
          weights.unlessAuto("cache-dir", Values::path),
          weights.unlessAuto("cache-mapped", Values::flag));
    }
  }

  /// Who does the work of the network.
  ///
  /// @param eventLoop whether the waiting compute thread runs the network
  /// @param spin how long it looks for news before it sleeps
  /// @param alwaysSpins whether it does so even where more threads compute than there are cores
  public record Exchange(boolean eventLoop, Duration spin, boolean alwaysSpins) {}

  private static final Duration DEFAULT_SPIN = Duration.ofNanos(50_000);

  static ClusterSettings from(Values values, Role role) {
    Values sync = values.below("sync");
    Values weights = values.below("weights");
    SharesSetting shares = SharesSetting.parse(values.text("shares"));
    return new ClusterSettings(
        values.unlessAuto("host", ClusterSettings::host),
        values
            .unlessAuto("port", (v, key) -> v.integer(key, 0, 65535))
            .orElse(role == Role.ROOT ? SeedNode.DEFAULT_PORT : 0),
        threads(values).orElseGet(Cores::physical),
        values.flag("vector-kernels"),
        values.unlessAuto("vector.bits", ClusterSettings::vectorBits),
        values.texts("seed-nodes").stream().map(SeedNode::parse).toList(),
        nodes(values, shares),
        shares,
        values.duration("form-timeout", Duration.ofMillis(100), Duration.ofHours(1)),
        values.duration("alone-timeout", Duration.ZERO, Duration.ofHours(1)),
        values.duration("nodes-timeout", Duration.ofSeconds(1), Duration.ofDays(1)),
        values.text("slow-retry").equals("off")
            ? Duration.ZERO
            : values.duration("slow-retry", Duration.ofSeconds(10), Duration.ofDays(1)),
        Key.from(values),
        new Sync(
            sync.duration("timeout", Duration.ofMillis(500), Duration.ofMinutes(10)),
            sync.duration("stall-timeout", Duration.ofSeconds(1), Duration.ofHours(1)),
            sync.bytes("max-frame-bytes", 64 << 10, 64 << 20),
            choice(sync, "collective", CollectiveType.AUTO),
            choice(sync, "overlap", Overlap.AUTO),
            sync.duration("rehearsal", Duration.ZERO, Duration.ofMinutes(1))),
        Weights.from(weights),
        exchange(values.below("exchange")));
  }

  /// Compute threads, if they are given.
  static Optional<Integer> threads(Values values) {
    return values.unlessAuto("threads", (v, key) -> v.integer(key, 1, 1024));
  }

  private static Exchange exchange(Values values) {
    Optional<Duration> spin =
        values.unlessAuto(
            "spin", (v, key) -> v.duration(key, Duration.ZERO, Duration.ofMillis(10)));
    return new Exchange(values.flag("event-loop"), spin.orElse(DEFAULT_SPIN), spin.isPresent());
  }

  private static <E extends Enum<E>> E choice(Values values, String key, E auto) {
    Set<E> others = EnumSet.complementOf(EnumSet.of(auto));
    return values.unlessAuto(key, (v, k) -> v.choice(k, others)).orElse(auto);
  }

  private static String host(Values values, String key) {
    String host = values.text(key).strip();
    HostAddress.refuseAmbiguous(host);
    return host;
  }

  private static int vectorBits(Values values, String key) {
    int bits = values.integer(key, 128, 512);
    if (Integer.bitCount(bits) != 1) {
      throw values.bad(key, "128, 256 or 512");
    }
    return bits;
  }

  /// Shares that are given say how many nodes there are to be.
  private static Optional<Integer> nodes(Values values, SharesSetting shares) {
    Optional<Integer> nodes = values.unlessAuto("nodes", (v, key) -> v.integer(key, 1, 1024));
    if (shares.parts().isEmpty()) {
      if (nodes.isPresent() && !shares.measured() && Integer.bitCount(nodes.get()) != 1) {
        throw values.bad("nodes", "a power of two (1, 2, 4, 8, …)");
      }
      return nodes;
    }
    int given = shares.parts().size();
    if (nodes.isPresent() && nodes.get() != given) {
      throw new UserException(
          "--nodes %d and the %d proportions of --shares contradict each other"
              .formatted(nodes.get(), given));
    }
    return Optional.of(given);
  }
}
