package dllama.hub;

import dllama.error.UserException;
import dllama.settings.Catalogue;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// Finds out what a name, a repository or a URL stands for.
final class Request {
  private static final int MOST_PARTS = 1000;
  private static final Pattern REPOSITORY =
      Pattern.compile(
          "(?:hf\\.co/|huggingface\\.co/)?([\\w][\\w.-]*/[\\w][\\w.-]*)(?::([\\w.-]+))?");

  private final URI hub;
  private final Catalogue catalogue;
  private final Web web;
  private final Retry retry;

  Request(URI hub, Catalogue catalogue, Web web, Retry retry) {
    this.hub = hub;
    this.catalogue = catalogue;
    this.web = web;
    this.retry = retry;
  }

  /// Asks the hub where needed.
  ///
  /// @throws UserException for what is not known, or not there
  Wanted resolve(String text) throws InterruptedException {
    Optional<Catalogue.Entry> known = catalogue.named(text);
    if (known.isPresent()) {
      return resolve(known.get());
    }
    if (text.toLowerCase(Locale.ROOT).matches("https?://.*")) {
      return ofUrl(text);
    }
    Matcher repository = REPOSITORY.matcher(text);
    if (repository.matches() && !text.contains("..")) {
      String name = repository.group(1);
      Optional<String> quant = Optional.ofNullable(repository.group(2));
      List<Wanted.File> files = Repository.list(web, retry, hub, name).gguf(quant);
      String source = name + quant.map(q -> ":" + q).orElse("");
      String model = Names.model(files.getFirst().name());
      return new Wanted(model, source, Optional.empty(), files);
    }
    throw new UserException(
        "'%s' is no known model%s; `models --all` lists them, or give ORG/REPO:QUANT or a URL"
            .formatted(
                text, catalogue.nearest(text).map(n -> ", did you mean " + n + "?").orElse("")));
  }

  private Wanted resolve(Catalogue.Entry entry) throws InterruptedException {
    Matcher matcher = REPOSITORY.matcher(entry.hub());
    if (!matcher.matches()) {
      throw new IllegalStateException("hub=" + entry.hub());
    }
    Repository repository = Repository.list(web, retry, hub, matcher.group(1));
    List<Wanted.File> files = new ArrayList<>();
    if (entry.model().isEmpty()) {
      files.addAll(repository.gguf(Optional.ofNullable(matcher.group(2))));
    } else {
      List<Remote> parts = entry.model().stream().map(repository::file).toList();
      files.add(new Wanted.File(entry.name() + ".m", parts));
    }
    entry
        .tokenizer()
        .ifPresent(
            name ->
                files.add(new Wanted.File(entry.name() + ".t", List.of(repository.file(name)))));
    return new Wanted(entry.name(), entry.hub(), Optional.of(entry.licence()), files);
  }

  /// One file, or all parts of a split GGUF of which one is named.
  private static Wanted ofUrl(String text) {
    URI uri = uri(text);
    String path = Optional.ofNullable(uri.getPath()).orElse("").replaceFirst("^/", "");
    String file = Names.file(path);
    if (!file.toLowerCase(Locale.ROOT).matches(".+\\.(gguf|m)")) {
      throw new UserException(
          "%s is the address of neither a .gguf nor a .m file".formatted(Web.shown(uri)));
    }
    int count = Names.parts(file);
    if (count < 1 || count > MOST_PARTS) {
      throw new UserException("%s has too many parts".formatted(file));
    }
    List<Wanted.File> files =
        IntStream.rangeClosed(1, count)
            .mapToObj(number -> Names.part(file, number))
            .map(part -> new Wanted.File(part, List.of(Remote.of(uri(text.replace(file, part))))))
            .toList();
    return new Wanted(Names.model(file), Web.shown(uri), Optional.empty(), files);
  }

  /// An address of a page about a file becomes that of the file.
  private static URI uri(String text) {
    try {
      URI uri = URI.create(text.replaceFirst("(://[^/]+/[^/]+/[^/]+)/blob/", "$1/resolve/"));
      if (Web.isWeb(uri)) {
        return uri;
      }
    } catch (IllegalArgumentException _) {
      // said below
    }
    throw new UserException("'%s' is no address of a file".formatted(text));
  }
}
