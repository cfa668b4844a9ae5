package dllama.cli;

import dllama.error.UserException;
import dllama.files.ByteSize;
import dllama.hub.FetchedModel;
import dllama.hub.ModelFolder;
import dllama.session.LoadedModel;
import dllama.settings.Catalogue;
import dllama.settings.Memory;
import dllama.settings.Output;
import dllama.settings.Settings;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Scanner;
import org.jspecify.annotations.Nullable;

/// Lists what was fetched, and what can be, and removes it.
final class ModelsCommand {
  private static final int[] NODES = {1, 2, 4, 8};

  /// A model that is there; what its file does not tell is null.
  ///
  /// @param nodes that it fits on, each like this machine: the fewest; null if on none up to 8
  /// @param problem why it can not be run, or null
  record Row(
      String name,
      long bytes,
      @Nullable String architecture,
      @Nullable String weights,
      @Nullable Integer nodes,
      @Nullable String licence,
      String source,
      @Nullable String problem) {}

  /// What a model of the catalogue needs of each node, in bytes, about.
  record Offer(String name, long bytes, String licence, String source, List<Long> nodeBytes) {}

  private record Lists(List<Row> models, List<String> unfinished, List<Offer> catalogue) {}

  private ModelsCommand() {}

  static void list(Settings settings) {
    ModelFolder folder = FetchedFiles.folder(settings);
    List<Row> rows = folder.list().stream().map(model -> row(settings, model)).toList();
    List<Offer> offers =
        settings.fetched().all()
            ? Catalogue.load().all().stream().map(ModelsCommand::offer).toList()
            : List.of();
    Lists lists = new Lists(rows, folder.unfinished(), offers);
    if (settings.output() == Output.JSON) {
      Json.print(lists);
    } else {
      System.out.print(text(lists, folder));
    }
  }

  private static Row row(Settings settings, FetchedModel model) {
    String architecture = null;
    String weights = null;
    Integer nodes = null;
    String problem = null;
    Settings of = FetchedFiles.with(settings, model);
    try (LoadedModel loaded = LoadedModel.open(of.model())) {
      architecture = loaded.spec().architecture().name();
      weights = loaded.weights();
      nodes = fewest(loaded);
    } catch (UserException e) {
      problem = e.getMessage();
    }
    return new Row(
        model.name(),
        model.size(),
        architecture,
        weights,
        nodes,
        model.licence(),
        model.source(),
        problem);
  }

  private static @Nullable Integer fewest(LoadedModel model) {
    for (int nodes : NODES) {
      try {
        if (model.nodeBytes(nodes) <= Memory.total() / 10 * 9) {
          return nodes;
        }
      } catch (UserException _) {
        return null; // it can not be divided among so many
      }
    }
    return null;
  }

  private static Offer offer(Catalogue.Entry entry) {
    List<Long> needs = new ArrayList<>();
    for (int nodes : NODES) {
      needs.add(entry.nodeBytes(nodes));
    }
    return new Offer(entry.name(), entry.bytes(), entry.licence(), entry.hub(), needs);
  }

  private static String text(Lists lists, ModelFolder folder) {
    StringBuilder text = new StringBuilder();
    if (lists.models().isEmpty()) {
      text.append("No models in %s; models --all lists what there is%n".formatted(folder.path()));
    } else {
      text.append(
          "%-40s %10s  %-12s %-14s %s%n".formatted("name", "size", "arch", "weights", "fits on"));
    }
    for (Row row : lists.models()) {
      text.append(line(row));
    }
    for (String name : lists.unfinished()) {
      text.append("%-40s %10s  fetch it again to go on%n".formatted(name, "unfinished"));
    }
    if (!lists.catalogue().isEmpty()) {
      text.append(
          "%nTo fetch by name; a node of 1, 2, 4, 8 needs about so many GB:%n%-36s %8s  %-22s %s%n"
              .formatted("name", "size", "GB per node", "licence"));
    }
    for (Offer offer : lists.catalogue()) {
      text.append(
          "%-36s %8s  %-22s %s%n"
              .formatted(offer.name(), about(offer.bytes()), needs(offer), offer.licence()));
    }
    return text.toString();
  }

  private static String line(Row row) {
    if (row.problem() != null) {
      return "%-40s %10s  can not be run: %s%n"
          .formatted(row.name(), ByteSize.text(row.bytes()), row.problem());
    }
    String fits =
        row.nodes() == null
            ? "more or larger nodes than 8 like this one"
            : "%d node%s like this one".formatted(row.nodes(), row.nodes() == 1 ? "" : "s");
    return "%-40s %10s  %-12s %-14s %s%n"
        .formatted(row.name(), ByteSize.text(row.bytes()), row.architecture(), row.weights(), fits);
  }

  private static String about(long bytes) {
    return String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
  }

  private static String needs(Offer offer) {
    List<String> needs = new ArrayList<>();
    offer.nodeBytes().forEach(bytes -> needs.add(String.format(Locale.ROOT, "%.1f", bytes / 1e9)));
    return String.join(", ", needs);
  }

  /// Removes a model, and asks before.
  ///
  /// @throws UserException if there is none, or nobody can be asked
  static void remove(Settings settings) {
    ModelFolder folder = FetchedFiles.folder(settings);
    String name = settings.fetched().remove();
    long bytes = folder.find(name).map(FetchedModel::size).orElse(0L);
    if (settings.fetched().yes() || !known(folder, name) || agreed(name, bytes)) {
      folder.remove(name);
      System.err.println("Removed " + name);
    } else {
      System.err.println("Nothing was removed");
    }
  }

  private static boolean known(ModelFolder folder, String name) {
    return folder.find(name).isPresent() || folder.unfinished().contains(name);
  }

  private static boolean agreed(String name, long bytes) {
    if (!Posix.isTerminal(0)) {
      throw new UserException("rm %s: nobody can be asked here; give --yes".formatted(name));
    }
    System.err.print("Remove %s (%s)? [y/N] ".formatted(name, ByteSize.text(bytes)));
    Scanner in = new Scanner(System.in, StandardCharsets.UTF_8);
    return in.hasNextLine() && in.nextLine().strip().toLowerCase(Locale.ROOT).startsWith("y");
  }
}
