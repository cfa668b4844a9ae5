package dllama.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigUtil;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;

/// The models of conf/models.conf, which is in the jar: what can be fetched by name.
public final class Catalogue {
  private static final String FILE = "dllama/models.conf";
  private static final int LETTERS = 26;

  /// A model that can be fetched by name.
  ///
  /// @param hub repository, of a GGUF with the quantisation: `ORG/REPO:QUANT`
  /// @param model files there that are one `.m` file after another; none for a GGUF
  /// @param tokenizer file there; empty for a GGUF, which has it inside
  /// @param bytes about
  public record Entry(
      String name,
      String hub,
      List<String> model,
      Optional<String> tokenizer,
      long bytes,
      String licence) {
    /// About what each of some nodes needs: its share, and a little for cache and program.
    public long nodeBytes(int nodes) {
      return bytes / nodes + bytes / 10 / nodes + (300L << 20);
    }
  }

  private final Map<String, Entry> entries = new LinkedHashMap<>();

  private Catalogue() {}

  /// Reads the one in the jar.
  public static Catalogue load() {
    Config models = ConfigFactory.parseResources(FILE).getConfig("models");
    Catalogue catalogue = new Catalogue();
    for (String name : new TreeSet<>(models.root().keySet())) {
      Config model = models.getConfig(ConfigUtil.quoteString(name));
      catalogue.entries.put(name, entry(name, model));
    }
    return catalogue;
  }

  private static Entry entry(String name, Config model) {
    return new Entry(
        name,
        model.getString("hub"),
        model.hasPath("model") ? parts(model) : List.of(),
        model.hasPath("tokenizer") ? Optional.of(model.getString("tokenizer")) : Optional.empty(),
        Math.round(model.getDouble("size") * 1e9),
        model.getString("licence"));
  }

  /// `MODELaa`, `MODELab`, …, as `split` names them.
  private static List<String> parts(Config model) {
    String file = model.getString("model");
    if (!model.hasPath("parts")) {
      return List.of(file);
    }
    return IntStream.range(0, model.getInt("parts"))
        .mapToObj(i -> file + (char) ('a' + i / LETTERS) + (char) ('a' + i % LETTERS))
        .toList();
  }

  public Optional<Entry> named(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /// By name.
  public Collection<Entry> all() {
    return Collections.unmodifiableCollection(entries.values());
  }

  /// What somebody may have meant by a name that is not there.
  public Optional<String> nearest(String name) {
    return Nearest.of(name, entries.keySet());
  }
}
