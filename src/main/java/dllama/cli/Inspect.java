package dllama.cli;

import dllama.cli.InspectResult.NodeMemory;
import dllama.cluster.root.RootModel;
import dllama.engine.EngineSettings;
import dllama.error.UserException;
import dllama.format.FileReports;
import dllama.format.file.FileReport;
import dllama.prediction.Prediction;
import dllama.session.JinjaPrompts;
import dllama.session.LoadedModel;
import dllama.settings.Output;
import dllama.settings.Settings;
import dllama.slice.ShardPlan;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Tells what a model or tokenizer file is, what it needs, and what stands in the way of running
/// it.
final class Inspect {
  private static final int[] NODES = {1, 2, 4, 8};

  private final Settings settings;
  private final FileReport report;
  private final List<String> unusable = new ArrayList<>();
  private final List<String> unsupported;

  private Inspect(Settings settings, FileReport report) {
    this.settings = settings;
    this.report = report;
    unsupported = new ArrayList<>(report.obstacles());
  }

  /// @throws UserException for a file that can not be read, or contradicts itself
  static void run(Settings settings, PrintStream out) {
    Path path = path(settings);
    Inspect inspect = new Inspect(settings, FileReports.of(path));
    InspectResult result = inspect.result(path);
    if (settings.output() == Output.JSON) {
      Json.print(result, out);
    } else {
      out.print(InspectText.of(result));
    }
  }

  private static Path path(Settings settings) {
    return FetchedFiles.path(
        settings.inspect().file().orElseThrow(() -> new UserException("name a file: inspect FILE")),
        settings);
  }

  private InspectResult result(Path path) {
    List<NodeMemory> memory = report.spec().isPresent() ? memory(path) : List.of();
    report.tokenizer().ifPresent(this::checkTemplate);
    return InspectResult.of(report, settings.inspect().tensors(), memory, unusable, unsupported);
  }

  private void checkTemplate(FileReport.Words words) {
    try {
      if (words.vocabulary().chatTemplate() != null) {
        JinjaPrompts.of(words.vocabulary());
      }
    } catch (UserException e) {
      unsupported.add(String.valueOf(e.getMessage()));
    }
  }

  /// As a root with the same settings would have it.
  private List<NodeMemory> memory(Path path) {
    List<NodeMemory> rows = new ArrayList<>();
    var of = settings.model().with(Optional.of(path), Optional.empty());
    try (LoadedModel model = LoadedModel.open(of)) {
      int batch =
          RootModel.maxBatchTokens(
              model.spec(),
              model.contextLength(),
              model.prefillBatch(),
              settings.cluster().sync().maxFrameBytes());
      var engine =
          EngineSettings.ofOneSequence(model.spec(), model.kv(), model.contextLength(), batch);
      for (int nodes : NODES) {
        Optional<String> objection = ShardPlan.objection(model.spec(), model.exchange(), nodes);
        if (objection.isPresent()) {
          unusable.add(objection.get());
          continue;
        }
        ShardPlan plan = new ShardPlan(model.spec(), model.exchange(), nodes);
        rows.add(NodeMemory.of(nodes, model.contextLength(), Prediction.Memory.of(plan, engine)));
      }
    } catch (UserException e) {
      unsupported.add(String.valueOf(e.getMessage()));
    }
    return rows;
  }
}
