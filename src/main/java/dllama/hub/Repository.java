package dllama.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.error.UserException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A repository of the hub: which files it has, and which of them are a model.
final class Repository {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String USUAL = "Q4_K_M";
  private static final int MOST_BYTES = 16 << 20;
  private static final int MOST_PAGES = 50;
  private static final int MOST_PARTS = 1000;
  private static final Pattern NEXT = Pattern.compile("<([^>]+)>;\\s*rel=\"?next\"?.*");
  private static final Pattern QUANT =
      Pattern.compile(
          "(?i)(?:^|[-./])((?:UD-)?(?:IQ|Q)\\d[A-Z0-9_]*|BF16|F16|F32|MXFP4)(?=[-./]|$)");

  private final URI hub;
  private final String name;
  private final Map<String, JsonNode> files = new TreeMap<>();

  private Repository(URI hub, String name) {
    this.hub = hub;
    this.name = name;
  }

  /// Asks the hub what is there.
  static Repository list(Web web, Retry retry, URI hub, String name) throws InterruptedException {
    Repository repository = new Repository(hub, name);
    URI page = at(hub, "/api/models/" + name + "/tree/main", "recursive=true");
    for (int pages = 0; pages < MOST_PAGES; pages++) {
      URI asked = page;
      Optional<URI> next = retry.until(() -> repository.read(web, asked));
      if (next.isEmpty()) {
        return repository;
      }
      page = next.get();
    }
    throw new UserException("%s has more files than are looked at".formatted(name));
  }

  private Optional<URI> read(Web web, URI page) throws IOException, InterruptedException {
    try (Web.Reply reply = web.get(page, "")) {
      byte[] content = reply.body().readNBytes(MOST_BYTES + 1);
      if (content.length > MOST_BYTES) {
        throw new UserException("%s: the answer is too long".formatted(Web.shown(page)));
      }
      JsonNode list = JSON.readTree(content);
      if (!list.isArray()) {
        throw strange(page);
      }
      list.forEach(this::add);
      Matcher next = NEXT.matcher(reply.header("Link"));
      return next.matches() ? Optional.of(next(page, next.group(1))) : Optional.empty();
    } catch (JsonProcessingException e) {
      UserException strange = strange(page);
      strange.initCause(e);
      throw strange;
    }
  }

  private static UserException strange(URI page) {
    return new UserException(
        "%s does not list files as Hugging Face does; check --hub".formatted(Web.shown(page)));
  }

  private static URI next(URI page, String link) {
    try {
      URI next = page.resolve(link);
      if (page.getAuthority().equals(next.getAuthority())) {
        return next;
      }
    } catch (IllegalArgumentException _) {
      // said below
    }
    throw strange(page);
  }

  private void add(JsonNode entry) {
    String path = entry.path("path").asText();
    if (entry.path("type").asText().equals("file")) {
      files.put(path, entry);
    }
  }

  /// An address of the hub, with what may not stand in one made harmless.
  private static URI at(URI hub, String path, @Nullable String query) {
    try {
      URI uri = new URI(hub.getScheme(), hub.getAuthority(), hub.getPath() + path, query, null);
      return URI.create(uri.toASCIIString());
    } catch (URISyntaxException e) {
      throw new UserException("'%s' is no path of a hub".formatted(path), e);
    }
  }

  /// A file that must be there.
  Remote file(String path) {
    JsonNode entry = files.get(path);
    if (entry == null) {
      throw new UserException("%s has no file %s".formatted(name, path));
    }
    String oid = entry.path("lfs").path("oid").asText().toLowerCase(Locale.ROOT);
    return new Remote(
        at(hub, "/" + name + "/resolve/main/" + path, null),
        entry.path("size").asLong(-1),
        oid.matches("[0-9a-f]{64}") ? Optional.of(oid) : Optional.empty());
  }

  /// The files of a GGUF with this quantisation, one or all parts of a split one.
  ///
  /// @param quant empty: the usual one, or the first that is there
  List<Wanted.File> gguf(Optional<String> quant) {
    List<String> models = files.keySet().stream().filter(Repository::isModel).toList();
    if (models.isEmpty()) {
      throw new UserException("%s has no GGUF file; name one that has".formatted(name));
    }
    models.forEach(Names::file);
    Optional<String> found =
        quant.isPresent()
            ? with(models, quant.get())
            : with(models, USUAL).or(() -> Optional.of(models.getFirst()));
    return parts(found.orElseThrow(() -> without(quant.orElseThrow(), models)));
  }

  private static boolean isModel(String path) {
    String lower = path.toLowerCase(Locale.ROOT);
    return lower.endsWith(".gguf") && !lower.contains("mmproj") && !lower.contains("imatrix");
  }

  /// Of several the one with the shortest path: the others have more in their names than that.
  private static Optional<String> with(List<String> models, String quant) {
    Pattern pattern = Pattern.compile("(?i)(^|.*[-./_])" + Pattern.quote(quant) + "([-./].*)");
    return models.stream()
        .filter(path -> pattern.matcher(path).matches())
        .min((a, b) -> a.length() == b.length() ? a.compareTo(b) : a.length() - b.length());
  }

  private UserException without(String quant, List<String> models) {
    TreeSet<String> there = new TreeSet<>();
    for (String path : models) {
      Matcher matcher = QUANT.matcher(path.substring(0, path.length() - ".gguf".length()));
      while (matcher.find()) {
        there.add(matcher.group(1));
      }
    }
    return new UserException(
        "%s has no %s; it has %s".formatted(name, quant, String.join(", ", there)));
  }

  private List<Wanted.File> parts(String path) {
    int count = Names.parts(path);
    if (count < 1 || count > MOST_PARTS) {
      throw new UserException("%s has too many parts".formatted(path));
    }
    List<Wanted.File> parts = new ArrayList<>();
    IntStream.rangeClosed(1, count)
        .mapToObj(number -> Names.part(path, number))
        .forEach(part -> parts.add(new Wanted.File(Names.file(part), List.of(file(part)))));
    return parts;
  }
}
