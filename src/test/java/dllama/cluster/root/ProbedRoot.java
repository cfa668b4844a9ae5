package dllama.cluster.root;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import dllama.Conformance;
import dllama.cluster.ProbeKit;
import dllama.cluster.loop.ExchangeDispatcher;
import dllama.cluster.membership.RootListener;
import dllama.cluster.rank.NodeMachine;
import dllama.cluster.rank.WorkerListener;
import dllama.cluster.wire.MembersMessage;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RootMessage;
import dllama.format.dllama.DllamaFile;
import dllama.model.ModelSource;
import dllama.settings.Settings;
import dllama.settings.Settings.Option;
import dllama.settings.SharesSetting;
import dllama.slice.SliceCache;
import dllama.step.PagePool;
import dllama.tensor.DType;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/// A coordinator of a small model whose own shard is a probe, so that it can fail as a test likes.
final class ProbedRoot implements AutoCloseable {
  /// How long the set of nodes must not change.
  static final Duration FORM = Duration.ofMillis(100);

  /// Who still does nothing then keeps a step waiting for too long.
  static final String STALL = "1s";

  final DllamaFile file;
  final ActorTestKit testKit;
  final TestProbe<RankMessage> own;
  final ActorRef<RootMessage> coordinator;
  private final NodeMachine machine;

  /// @param alone how long to wait for a first worker
  /// @param rehearsal how long to rehearse after loading
  /// @param usable numbers of nodes
  ProbedRoot(
      Duration alone,
      String rehearsal,
      List<Integer> usable,
      Function<ActorRef<RootMessage>, Behavior<MembersMessage>> membership,
      RootListener listener) {
    Settings settings =
        Settings.load(
            Optional.empty(),
            new Properties(),
            List.of(
                new Option("--form-timeout", "form-timeout", FORM.toMillis() + "ms"),
                new Option("-D", "alone-timeout", alone.toMillis() + "ms"),
                new Option("-D", "vector-kernels", "off"),
                new Option("-D", "sync.rehearsal", rehearsal),
                new Option("-D", "sync.stall-timeout", STALL)));
    var exchange =
        ExchangeDispatcher.choose(
            settings.cluster().exchange().eventLoop(), settings.cluster().exchange().spin());
    testKit = ProbeKit.of(exchange, settings);
    file = DllamaFile.open(Conformance.file("llama_gqa_f32", "model.m"));
    machine = new NodeMachine(settings.cluster(), SliceCache.off(), WorkerListener.silent());
    var model =
        new RootModel(
            new ModelSource.Weights(file.spec(), file.weights()),
            "f",
            false,
            SharesSetting.EQUAL,
            DType.F32,
            DType.F32,
            64,
            1,
            OptionalLong.empty(),
            8);
    var gate = new ClusterGate(0, usable, FORM, alone, System.nanoTime());
    own = testKit.createTestProbe(RankMessage.class);
    coordinator =
        testKit.spawn(
            RootCoordinator.create(
                model,
                gate,
                settings.cluster(),
                membership,
                listener,
                machine.host(),
                new AtomicReference<>(PagePool.NONE),
                new Node("root", own.getRef(), List.of(), List.of(), 1L << 40, 1)));
  }

  @Override
  public void close() {
    testKit.shutdownTestKit();
    machine.close();
    file.close();
  }
}
