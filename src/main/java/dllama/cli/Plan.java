package dllama.cli;

import dllama.cluster.root.RootModel;
import dllama.engine.EngineSettings;
import dllama.error.UserException;
import dllama.files.ByteSize;
import dllama.prediction.DeviceMeasurement;
import dllama.prediction.Prediction;
import dllama.session.LoadedModel;
import dllama.settings.Device;
import dllama.settings.Devices;
import dllama.settings.Link;
import dllama.settings.Output;
import dllama.settings.Settings;
import dllama.settings.SharesSetting;
import dllama.slice.ShardPlan;
import dllama.slice.Shares;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// Predicts what a model needs and how fast it is on some number of nodes, and says what does not
/// fit. Opens a model file, but forms no cluster.
final class Plan {
  private final Settings settings;
  private final LoadedModel model;
  private final Device device;
  private final Link link;
  private final EngineSettings engine;
  private final Map<Integer, Prediction> predictions = new HashMap<>();

  private Plan(Settings settings, LoadedModel model, Device device, Link link) {
    this.settings = settings;
    this.model = model;
    this.device = device;
    this.link = link;
    engine =
        EngineSettings.ofOneSequence(
            model.spec(), model.kv(), model.contextLength(), batchTokens());
    if (settings.plan().promptTokens() > model.contextLength()) {
      throw new UserException(
          "--prompt-tokens %d does not fit the context of %d; %s"
              .formatted(
                  settings.plan().promptTokens(),
                  model.contextLength(),
                  model.contextLimit().advice()));
    }
  }

  /// What can be refused is refused before anything is measured.
  ///
  /// @throws UserException for a model, device, link or number of nodes that can not be
  static void run(Settings settings) {
    Settings.Plan wanted = settings.plan();
    Devices devices = Devices.load(wanted.devices());
    Link link = devices.link(wanted.link());
    Optional<Device> known = known(wanted, devices);
    try (LoadedModel model = open(settings)) {
      settings.cluster().nodes().ifPresent(n -> plan(settings, model, n));
      Device device = known.orElseGet(() -> measured(settings, model));
      PlanResult result = new Plan(settings, model, device, link).predict();
      if (settings.output() == Output.JSON) {
        Json.print(result);
      } else {
        System.out.print(PlanTable.text(result));
      }
    }
  }

  /// The device of `--device`; empty if this machine is to be measured.
  private static Optional<Device> known(Settings.Plan wanted, Devices devices) {
    if (wanted.measure() == wanted.device().isPresent()) {
      throw new UserException(
          "give either --device NAME, one of %s, or --measure for nodes like this machine"
              .formatted(String.join(", ", devices.deviceNames())));
    }
    return wanted
        .device()
        .map(devices::device)
        .map(device -> wanted.threads().map(device::withThreads).orElse(device));
  }

  private static Device measured(Settings settings, LoadedModel model) {
    StatusLines lines = StatusLines.standard();
    Device device =
        DeviceMeasurement.run(
            model.spec().weightTypes().getFirst(),
            settings.cluster().threads(),
            what -> lines.show(List.of(what)));
    lines.say("for a file of --devices: " + device.entry());
    return device;
  }

  private static LoadedModel open(Settings settings) {
    Optional<String> shape = settings.plan().shape();
    if (shape.isEmpty()) {
      return LoadedModel.open(settings.model());
    }
    if (settings.model().model().isPresent()) {
      throw new UserException("give either --model FILE or --shape NAME, not both");
    }
    var spec = LoadedModel.shape(shape.get(), Optional.empty(), settings.model());
    return LoadedModel.random(shape.get(), spec, 0, settings.model());
  }

  private PlanResult predict() {
    List<Integer> usable = ShardPlan.usableWorldSizes(model.spec(), model.exchange());
    List<Integer> wanted = settings.cluster().nodes().map(List::of).orElse(usable);
    if (wanted.isEmpty()) {
      new ShardPlan(model.spec(), model.exchange(), 1); // throws and says why
    }
    List<PlanResult.Row> rows = wanted.stream().map(n -> PlanResult.row(on(n), device)).toList();
    return new PlanResult(
        model.name(),
        model.spec().architecture().name(),
        model.weights(),
        model.exchange().option(),
        model.kv().option(),
        model.contextLength(),
        settings.plan().promptTokens(),
        engine.maxBatchTokens(),
        PlanResult.DeviceFigures.of(device),
        PlanResult.LinkFigures.of(link),
        rows,
        settings.cluster().nodes().isPresent() ? List.of() : unusable(usable.getLast()),
        problems(wanted, usable));
  }

  private Prediction on(int nodes) {
    return predictions.computeIfAbsent(nodes, this::prediction);
  }

  private Prediction prediction(int nodes) {
    ShardPlan plan = plan(settings, model, nodes);
    return Prediction.of(plan, engine, settings.plan().promptTokens(), device, link);
  }

  /// With the shares that the user gives, if there are as many.
  private static ShardPlan plan(Settings settings, LoadedModel model, int nodes) {
    SharesSetting shares = settings.cluster().shares();
    return shares.equals(SharesSetting.EQUAL)
        ? new ShardPlan(model.spec(), model.exchange(), nodes)
        : new ShardPlan(model.spec(), model.exchange(), Shares.given(shares.parts(), nodes));
  }

  /// As a root with the same settings would have it.
  private int batchTokens() {
    return RootModel.maxBatchTokens(
        model.spec(),
        model.contextLength(),
        model.prefillBatch(),
        settings.cluster().sync().maxFrameBytes());
  }

  /// Why powers of two up to twice the largest usable one are none.
  private List<String> unusable(int largest) {
    return IntStream.iterate(1, n -> n <= 2 * largest, n -> n * 2)
        .mapToObj(n -> ShardPlan.objection(model.spec(), model.exchange(), n))
        .flatMap(Optional::stream)
        .toList();
  }

  /// What does not fit, and what to do about it.
  private List<String> problems(List<Integer> wanted, List<Integer> usable) {
    List<String> problems = new ArrayList<>();
    for (int nodes : wanted) {
      Prediction prediction = on(nodes);
      if (!prediction.fits(device)) {
        problems.add(
            "%s: needs %s per node; %s has %s, of which %s may be used"
                .formatted(
                    nodes == 1 ? "1 node" : nodes + " nodes",
                    ByteSize.text(prediction.memory().total()),
                    device.name(),
                    ByteSize.text(device.memoryBytes()),
                    ByteSize.text(device.usableBytes())));
      }
    }
    if (!problems.isEmpty()) {
      problems.add(advice(usable));
    }
    return problems;
  }

  private String advice(List<Integer> usable) {
    Optional<Integer> enough = usable.stream().filter(n -> on(n).fits(device)).findFirst();
    if (enough.isPresent()) {
      return "use %d nodes or more".formatted(enough.get());
    }
    Prediction most = on(usable.getLast());
    return "no number of nodes is enough: of the %s on each of %d nodes the cache takes %s, see --max-seq-len; else take devices with more memory"
        .formatted(
            ByteSize.text(most.memory().total()),
            usable.getLast(),
            ByteSize.text(most.memory().cache()));
  }
}
