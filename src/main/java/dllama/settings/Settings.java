package dllama.settings;

import com.typesafe.config.Config;
import dllama.error.UserException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Properties;

/// Everything that can be set, read once at start and checked: no other code looks at
/// configuration. `reference.conf` says what each value means.
///
/// @param promptLookup whether tokens are guessed from the text so far; empty: as far as it pays
/// @param logLevel error, warn, info, debug or trace
/// @param akka the whole configuration, for Akka's own part of it
public record Settings(
    Role role,
    Mode mode,
    ModelSettings model,
    ClusterSettings cluster,
    Sampler sampler,
    Optional<Boolean> promptLookup,
    Chat chat,
    ApiSettings api,
    Inference inference,
    Logits logits,
    Perplexity perplexity,
    Inspect inspect,
    Bench bench,
    Synth synth,
    Convert convert,
    Tokenize tokenize,
    Plan plan,
    Fetched fetched,
    Output output,
    String logLevel,
    Config akka) {

  /// A value from the command line.
  ///
  /// @param option as the user wrote it, such as `--threads`
  /// @param key without the leading `dllama.`
  /// @param value a text or a list of texts
  public record Option(String option, String key, Object value) {}

  /// How tokens are drawn.
  ///
  /// @param temperature 0: always the most likely token
  /// @param topp 0 and 1: draw from all tokens
  /// @param topk 0: any number of tokens
  /// @param minp 0: however improbable
  /// @param seed empty: from the clock
  public record Sampler(
      float temperature,
      float topp,
      int topk,
      float minp,
      Optional<Long> seed,
      Penalties penalties) {
    static Sampler from(Values values) {
      return new Sampler(
          (float) values.real("temperature", 0, 100),
          (float) values.real("topp", 0, 1),
          values.integer("top-k", 0, 1 << 24),
          (float) values.real("min-p", 0, 1),
          values.unlessAuto(
              "seed", (v, key) -> v.whole(key, Long.MIN_VALUE, Long.MAX_VALUE, "of 64 bits")),
          Penalties.from(values));
    }
  }

  /// How much less likely tokens become that were there already.
  ///
  /// @param repeat 1: not at all, however often one of the latest `repeatLast` tokens
  public record Penalties(float repeat, int repeatLast, float presence, float frequency) {
    static Penalties from(Values values) {
      return new Penalties(
          (float) values.real("repeat-penalty", 0.1, 10),
          values.integer("repeat-last", 0, 1024),
          (float) values.real("presence-penalty", -2, 2),
          (float) values.real("frequency-penalty", -2, 2));
    }
  }

  /// What the chat adds to what its user says.
  ///
  /// @param system system prompt
  /// @param template name or file of a chat template; empty: as the model says
  /// @param connect address of a root elsewhere that answers; empty: this one does
  /// @param quiet whether only answers, errors and what commands ask for are shown
  /// @param keep conversations that are kept by themselves
  /// @param resume whether the latest one goes on
  public record Chat(
      Optional<String> system,
      Optional<String> template,
      Optional<String> connect,
      boolean quiet,
      int keep,
      boolean resume) {
    static Chat from(Values values) {
      return new Chat(
          values.textIfAny("system"),
          values.unlessAuto("template", Values::text),
          values.textIfAny("connect"),
          values.flag("quiet"),
          values.integer("keep", 0, 1000),
          values.flag("resume"));
    }
  }

  /// What to generate, and how much of it.
  ///
  /// @param prompt `-` for what standard input holds
  /// @param promptFile file that holds the prompt
  /// @param steps tokens to generate
  /// @param ignoreEos whether to go on after an end token
  public record Inference(String prompt, Optional<Path> promptFile, int steps, boolean ignoreEos) {
    static Inference from(Values values) {
      return new Inference(
          values.text("prompt"),
          values.pathIfAny("prompt-file"),
          values.integer("steps", 1, 1 << 24),
          values.flag("ignore-eos"));
    }
  }

  /// Whose logits to write, and where.
  ///
  /// @param tokens ids to feed from position 0 on
  /// @param out file for the rows
  public record Logits(List<Integer> tokens, Optional<Path> out) {
    static Logits from(Values values) {
      return new Logits(values.integers("tokens", 0, Integer.MAX_VALUE), values.pathIfAny("out"));
    }
  }

  /// The text to foretell.
  ///
  /// @param context tokens of a window; empty: 512, or the model's context if that is shorter
  public record Perplexity(Optional<Path> file, Optional<Integer> context) {
    static Perplexity from(Values values) {
      return new Perplexity(
          values.pathIfAny("file"),
          values.unlessAuto("context", (v, key) -> v.integer(key, 3, 1 << 24)));
    }
  }

  /// The file to tell about.
  ///
  /// @param file a path, or the name of a fetched model
  /// @param tensors whether every tensor is listed
  public record Inspect(Optional<Path> file, boolean tensors) {
    static Inspect from(Values values) {
      return new Inspect(values.pathIfAny("file"), values.flag("tensors"));
    }
  }

  /// What to measure.
  ///
  /// @param shape name of a model's shape with random weights; empty: a model file is measured
  /// @param layers empty: all
  /// @param prefill prompt lengths in tokens
  /// @param decode tokens to generate per run
  /// @param repeat runs per row
  /// @param parallel numbers of sequences to measure at once, a row each
  /// @param replayAcceptance percentages of guessed tokens that hold, a row each
  public record Bench(
      Optional<String> shape,
      Optional<Integer> layers,
      List<Integer> prefill,
      int decode,
      int repeat,
      List<Integer> parallel,
      List<Integer> replayAcceptance) {
    static Bench from(Values values) {
      return new Bench(
          values.textIfAny("shape"),
          values.unlessAuto("layers", (v, key) -> v.integer(key, 1, 1000)),
          values.integers("prefill", 1, 1 << 24),
          values.integer("decode", 1, 65536),
          values.integer("repeat", 1, 1000),
          values.integers("parallel", 1, 32),
          values.integers("replay-acceptance", 0, 100));
    }
  }

  /// The model of random weights to write.
  ///
  /// @param layers empty: as many as the shape has
  /// @param out model file to write
  public record Synth(String shape, Optional<Integer> layers, long seed, Optional<Path> out) {
    static Synth from(Values values) {
      return new Synth(
          values.text("shape"),
          values.unlessAuto("layers", (v, key) -> v.integer(key, 1, 1000)),
          values.whole("seed", Long.MIN_VALUE, Long.MAX_VALUE, "of 64 bits"),
          values.pathIfAny("out"));
    }
  }

  /// What to convert to what.
  ///
  /// @param in file or folder of a model
  /// @param out model file to write
  /// @param tokenizer file to write beside it; empty: as `out` is called
  public record Convert(Optional<Path> in, Optional<Path> out, Optional<Path> tokenizer) {
    static Convert from(Values values) {
      return new Convert(
          values.pathIfAny("in"), values.pathIfAny("out"), values.pathIfAny("tokenizer"));
    }
  }

  /// What to encode.
  ///
  /// @param hex the same as bytes; counts where it is given
  /// @param file many texts; counts where it is given
  /// @param messages JSON file with a conversation to be rendered; counts where it is given
  /// @param template file of the Jinja template for that; empty: the model's
  public record Tokenize(
      String text,
      Optional<String> hex,
      Optional<Path> file,
      Optional<Path> messages,
      Optional<Path> template) {
    static Tokenize from(Values values) {
      return new Tokenize(
          values.text("text"),
          values.textIfAny("hex"),
          values.pathIfAny("file"),
          values.pathIfAny("messages"),
          values.pathIfAny("template"));
    }
  }

  /// What to predict.
  ///
  /// @param shape name of a model's shape; empty: a model file is planned for
  /// @param device name of what the nodes are
  /// @param devices file of more devices and links
  /// @param link name or rate of what is between them
  /// @param measure whether the nodes are like this machine, which is measured
  /// @param threads of every node; empty: all cores of the device
  public record Plan(
      Optional<String> shape,
      Optional<String> device,
      Optional<Path> devices,
      String link,
      int promptTokens,
      boolean measure,
      Optional<Integer> threads) {
    /// @param all settings, because `threads` is not one of plan's own
    static Plan from(Values all) {
      Values values = all.below("plan");
      return new Plan(
          values.textIfAny("shape"),
          values.textIfAny("device"),
          values.pathIfAny("devices"),
          values.text("link"),
          values.integer("prompt-tokens", 1, 1 << 24),
          values.flag("measure"),
          ClusterSettings.threads(all));
    }
  }

  /// What to fetch, and what becomes of it; for `fetch`, `models` and `rm`.
  ///
  /// @param folder of fetched models; empty: the user's
  /// @param all whether `models` lists the catalogue, too
  /// @param name what to fetch
  /// @param hub address of the hub
  /// @param connections parts of a file on their way at once
  /// @param run whether to chat afterwards
  /// @param remove fetched model to remove
  /// @param yes whether to remove without asking
  public record Fetched(
      Optional<Path> folder,
      boolean all,
      String name,
      String hub,
      int connections,
      boolean run,
      String remove,
      boolean yes) {
    /// @param all settings, because these are those of three commands
    static Fetched from(Values all) {
      Values models = all.below("models");
      Values fetch = all.below("fetch");
      Values rm = all.below("rm");
      return new Fetched(
          models.unlessAuto("dir", Values::path),
          models.flag("all"),
          fetch.text("name"),
          fetch.text("hub"),
          fetch.integer("connections", 1, 16),
          fetch.flag("run"),
          rm.text("name"),
          rm.flag("yes"));
    }
  }

  /// Whether users come over HTTP.
  public boolean serves() {
    return mode == Mode.API || (mode == Mode.CHAT && api.beside());
  }

  /// These settings with another model and tokenizer.
  public Settings with(ModelSettings other) {
    return new Settings(
        role,
        mode,
        other,
        cluster,
        sampler,
        promptLookup,
        chat,
        api,
        inference,
        logits,
        perplexity,
        inspect,
        bench,
        synth,
        convert,
        tokenize,
        plan,
        fetched,
        output,
        logLevel,
        akka);
  }

  /// Reads the settings of a node.
  ///
  /// @param file over `reference.conf`
  /// @param properties over the file; only those that start with `dllama.` or `akka.` count
  /// @param options over both
  /// @throws UserException naming key, value, place and allowed range of the first bad one
  public static Settings load(Optional<Path> file, Properties properties, List<Option> options) {
    Config config = SettingsLoader.load(file, properties, options);
    Values values = new Values(config.getConfig("dllama"), "dllama.");
    Role role = values.choice("role", EnumSet.allOf(Role.class));
    Settings settings =
        new Settings(
            role,
            values.choice("mode", EnumSet.allOf(Mode.class)),
            ModelSettings.from(values),
            ClusterSettings.from(values, role),
            Sampler.from(values.below("sampler")),
            values.unlessAuto("prompt-lookup", Values::flag),
            Chat.from(values.below("chat")),
            ApiSettings.from(values.below("api")),
            Inference.from(values.below("inference")),
            Logits.from(values.below("logits")),
            Perplexity.from(values.below("perplexity")),
            Inspect.from(values.below("inspect")),
            Bench.from(values.below("bench")),
            Synth.from(values.below("synth")),
            Convert.from(values.below("convert")),
            Tokenize.from(values.below("tokenize")),
            Plan.from(values),
            Fetched.from(values),
            values.choice("output", EnumSet.allOf(Output.class)),
            logLevel(values),
            config);
    if (role == Role.WORKER && settings.cluster.seedNodes().isEmpty()) {
      throw new UserException(
          "a worker needs the address of its root: --seed-node HOST, as the root shows it");
    }
    return settings;
  }

  private static String logLevel(Values values) {
    String level = values.text("log-level");
    if (!List.of("error", "warn", "info", "debug", "trace").contains(level)) {
      throw values.bad("log-level", "error, warn, info, debug, trace");
    }
    return level;
  }
}
