package dllama.hub;

import dllama.error.UserException;
import dllama.files.ByteSize;
import dllama.format.file.FileKind;
import dllama.format.file.InputFile;
import dllama.settings.Catalogue;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/// Brings models into the folder: finds out what is wanted, checks that it fits, fetches, verifies,
/// gives it its name.
public final class Fetcher {
  /// Is told how it goes on, by the thread that fetches.
  public interface Listener {
    /// One line for the user.
    void note(String line);

    /// So many bytes are there.
    ///
    /// @param arrived of `total`
    void arrived(long arrived, long total);

    /// It goes on no longer.
    void done();
  }

  private final URI hub;
  private final Optional<String> token;
  private final ModelFolder folder;
  private final Means means;
  private final Listener listener;

  /// @param hub address as a user gave it
  /// @param token for the hub
  /// @throws UserException if `hub` is none
  public Fetcher(
      String hub, Optional<String> token, ModelFolder folder, Means means, Listener listener) {
    this.hub = address(hub);
    this.token = token;
    this.folder = folder;
    this.means = means;
    this.listener = listener;
    if (token.isPresent() && !token.get().matches("[!-~]{1,500}")) {
      throw new UserException("HF_TOKEN holds no token; set it anew, or unset it");
    }
  }

  private static URI address(String hub) {
    try {
      URI uri = URI.create(hub.replaceFirst("/+$", ""));
      if (Web.isWeb(uri) && uri.getQuery() == null && uri.getUserInfo() == null) {
        return uri;
      }
    } catch (IllegalArgumentException _) {
      // said below
    }
    throw new UserException(
        "--hub %s is no address of a server; write it as https://huggingface.co".formatted(hub));
  }

  /// Fetches a model, or what is missing of it.
  ///
  /// @param text a name of the catalogue, `ORG/REPO:QUANT` or a URL
  /// @throws UserException if it can not be had
  public FetchedModel fetch(String text, Catalogue catalogue) throws InterruptedException {
    Optional<FetchedModel> there = folder.find(text);
    if (there.isPresent()) {
      listener.note("%s is there already".formatted(there.get().name()));
      return there.get();
    }
    Retry retry = new Retry(means.patience());
    try (Web web = new Web(hub, token, means.patience())) {
      Wanted wanted = new Request(hub, catalogue, web, retry).resolve(text);
      if (!Names.safe(wanted.name())) {
        throw new UserException("'%s' is no name for a model here".formatted(wanted.name()));
      }
      Optional<FetchedModel> other = folder.find(wanted.name());
      if (other.isPresent()) {
        return same(other.get(), wanted);
      }
      try (ModelFolder.Claim _ = folder.claim(wanted.name())) {
        FetchedModel model = fetch(web, retry, wanted);
        folder.finish(model);
        return model;
      }
    } catch (IOException e) {
      throw Download.unwritable(folder.path(), e);
    }
  }

  private FetchedModel same(FetchedModel there, Wanted wanted) {
    if (!there.source().equals(wanted.source())) {
      throw new UserException(
          "there is a model %s already, from %s; remove it first: rm %s"
              .formatted(there.name(), there.source(), there.name()));
    }
    listener.note("%s is there already".formatted(there.name()));
    return there;
  }

  private FetchedModel fetch(Web web, Retry retry, Wanted wanted) throws InterruptedException {
    Path part = folder.begin(wanted.name());
    List<List<Source>> sources = new ArrayList<>();
    long total = 0;
    for (Wanted.File file : wanted.files()) {
      List<Source> parts = new ArrayList<>();
      for (Remote remote : file.parts()) {
        Source source = retry.until(() -> Source.of(web, remote));
        parts.add(source);
        total += source.size();
      }
      sources.add(parts);
    }
    checkSpace(part, total);
    listener.note(
        "Fetching %s (%s) into %s"
            .formatted(wanted.name(), ByteSize.text(total), folder.path().resolve(wanted.name())));
    LongAdder arrived = new LongAdder();
    List<FetchedModel.File> files = new ArrayList<>();
    for (int i = 0; i < sources.size(); i++) {
      String name = wanted.files().get(i).name();
      files.add(fetch(web, part, name, sources.get(i), arrived, total));
    }
    listener.done();
    checkKind(part.resolve(wanted.files().getFirst().name()));
    return new FetchedModel(wanted.name(), wanted.source(), wanted.licence().orElse(null), files);
  }

  /// What is there in part takes its space already.
  private void checkSpace(Path part, long total) {
    long have = 0;
    try (var files = Files.list(part)) {
      for (Path file : files.toList()) {
        have += Journal.arrived(file);
      }
    } catch (IOException e) {
      throw Download.unwritable(part, e);
    }
    if (total - have > folder.free()) {
      throw new UserException(
          "%s more are needed, but only %s are free in %s; make room, or set dllama.models.dir"
              .formatted(ByteSize.text(total - have), ByteSize.text(folder.free()), folder.path()));
    }
  }

  private FetchedModel.File fetch(
      Web web, Path folder, String name, List<Source> sources, LongAdder arrived, long total)
      throws InterruptedException {
    Path whole = folder.resolve(name);
    Path part = folder.resolve(name + ".part");
    Path journal = folder.resolve(name + ".journal");
    long size = sources.stream().mapToLong(Source::size).sum();
    try {
      if (Files.exists(whole) && Files.size(whole) == size) {
        arrived.add(size); // it was complete when an earlier process ended
        Checksum.verify(whole, sources, () -> remove(whole));
      } else {
        new Download(web, means, arrived)
            .run(part, journal, sources, () -> listener.arrived(arrived.sum(), total));
        Checksum.verify(part, sources, () -> remove(part, journal));
        Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
      }
      Files.deleteIfExists(journal);
    } catch (IOException e) {
      throw Download.unwritable(whole, e);
    }
    return new FetchedModel.File(
        name,
        size,
        sources.stream().map(source -> Web.shown(source.uri())).toList(),
        sources.stream().map(source -> source.sha256().orElse("")).toList());
  }

  private static void remove(Path... files) throws IOException {
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }

  /// Refuses what is no model, before it has the name of one.
  private static void checkKind(Path model) {
    UserException refused;
    try (InputFile file = InputFile.open(model, "model")) {
      FileKind kind = FileKind.of(file).orElse(FileKind.EMPTY);
      if (kind == FileKind.GGUF || kind == FileKind.DLLAMA_MODEL) {
        return;
      }
      refused = FileKind.refused(file, ".m or .gguf");
    }
    try {
      Files.deleteIfExists(model);
    } catch (IOException e) {
      refused.addSuppressed(e);
    }
    throw refused;
  }
}
