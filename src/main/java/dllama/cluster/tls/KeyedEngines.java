package dllama.cluster.tls;

import akka.remote.artery.tcp.SSLEngineProvider;
import dllama.cluster.port.PortGuard;
import dllama.cluster.port.Refusals;
import dllama.key.ClusterKey;
import dllama.key.KeySource;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.security.auth.x500.X500Principal;
import scala.Option;

/// Makes Artery's ends of connections, with the cluster keys of the moment. Where a key is taken
/// away, connections that were made by it end: when the node has not computed, and nothing but
/// signs of life has gone over them, for a while, so that no answer is disturbed, but at last after
/// [#LONGEST]. Any thread.
public final class KeyedEngines implements SSLEngineProvider {
  /// Signs of life are a tenth of that.
  private static final long QUIET_BYTES_PER_SECOND = 16 << 10;

  private static final Duration QUIET = Duration.ofSeconds(5);
  private static final Duration LONGEST = Duration.ofMinutes(10);

  private final KeySource source;
  private final BooleanSupplier atWork;
  private final Map<GuardedEngine, Watch> engines = new WeakHashMap<>();
  private List<ClusterKey> keys;
  private volatile Credentials credentials;

  /// Of a connection whose key is not accepted any more.
  private static final class Watch {
    long bytes;
    int quiet;
    int untrusted;
  }

  /// @param atWork whether this node computes; any thread
  public KeyedEngines(KeySource source, BooleanSupplier atWork) {
    this.source = source;
    this.atWork = atWork;
    keys = source.keys();
    credentials = new Credentials(keys);
  }

  /// Looks for other keys, and for connections that have none any more. To be called every second.
  public void sweep() {
    source.refresh();
    if (!source.keys().equals(keys)) {
      keys = source.keys();
      credentials = new Credentials(keys);
    }
    boolean idle = !atWork.getAsBoolean();
    List<GuardedEngine> over = new ArrayList<>();
    synchronized (engines) {
      engines.entrySet().removeIf(entry -> entry.getKey().isEnded());
      engines.forEach(
          (engine, watch) -> {
            X500Principal issuer = engine.issuer();
            if (issuer != null && !credentials.trusts(issuer) && isOver(engine, watch, idle)) {
              over.add(engine);
            }
          });
    }
    over.forEach(GuardedEngine::revoke);
  }

  private static boolean isOver(GuardedEngine engine, Watch watch, boolean idle) {
    long bytes = engine.bytes();
    boolean first = watch.untrusted++ == 0;
    boolean quiet = idle && !first && bytes - watch.bytes < QUIET_BYTES_PER_SECOND;
    watch.quiet = quiet ? watch.quiet + 1 : 0;
    watch.bytes = bytes;
    return watch.quiet >= QUIET.toSeconds() || watch.untrusted >= LONGEST.toSeconds();
  }

  @Override
  public SSLEngine createServerSSLEngine(String host, int port) {
    return add(new GuardedEngine(credentials.engine(false), PortGuard.frames(), new Caller()));
  }

  @Override
  public SSLEngine createClientSSLEngine(String host, int port) {
    return add(
        new GuardedEngine(
            credentials.engine(true), PortGuard.silence(), new Called(host + ":" + port)));
  }

  private GuardedEngine add(GuardedEngine engine) {
    synchronized (engines) {
      engines.put(engine, new Watch());
    }
    return engine;
  }

  @Override
  public Option<Throwable> verifyClientSession(String host, SSLSession session) {
    return Option.empty(); // the trust manager has
  }

  @Override
  public Option<Throwable> verifyServerSession(String host, SSLSession session) {
    return Option.empty();
  }

  /// A node that this one has called.
  private record Called(String address) implements GuardedEngine.Party {
    @Override
    public void heard(ByteBuffer bytes) {}

    @Override
    public void known() {}

    @Override
    public void refused(String why) {
      boolean silent = why.equals(Objections.SILENT_END);
      Refusals.ofProcess().refused(address, silent ? why + " (--insecure there?)" : why);
    }
  }
}
