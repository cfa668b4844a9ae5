package dllama.cli;

import dllama.error.UserException;
import dllama.settings.Nearest;
import dllama.settings.Settings;
import dllama.settings.Version;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/// A command line, taken apart but not yet checked: picocli knows names, [Settings] knows values.
///
/// @param command empty where none was given
/// @param properties of `-D`
/// @param config file given by `--config`
record Arguments(
    Optional<Command> command,
    Map<String, String> properties,
    Optional<Path> config,
    List<Settings.Option> options) {

  /// Environment variable that holds a key of the API.
  static final String API_KEY_VARIABLE = "DLLAMA_API_KEY";

  /// Environment variable that holds the cluster key.
  static final String CLUSTER_KEY_VARIABLE = "DLLAMA_CLUSTER_KEY";

  private static final String API_KEY = "api.key";
  private static final String CLUSTER_KEY = "cluster-key.";

  /// Reads the arguments; empty when they asked for help or version, which has been printed then.
  ///
  /// @throws UserException for what is not known, naming the nearest that is
  static Optional<Arguments> parse(String... args) {
    // A value that begins with @ is what it is, not the content of a file.
    CommandLine line = new CommandLine(spec()).setExpandAtFiles(false);
    try {
      ParseResult result = line.parseArgs(args);
      line.setSeparator(" "); // as options are written everywhere else; both are read
      return CommandLine.printHelpIfRequested(result)
          ? Optional.empty()
          : Optional.of(from(result));
    } catch (UnmatchedArgumentException e) {
      throw new UserException(unknown(e), e);
    } catch (ParameterException e) {
      throw new UserException(String.valueOf(e.getMessage()).replaceAll("\\s+", " "), e);
    }
  }

  /// The settings of these arguments.
  Settings settings(Properties system) {
    return settings(system, Map.of());
  }

  /// The same, with keys from the environment, so that they need not stand in a command line.
  Settings settings(Properties system, Map<String, String> environment) {
    Properties all = new Properties();
    system.stringPropertyNames().forEach(name -> all.setProperty(name, system.getProperty(name)));
    all.putAll(properties);
    List<Settings.Option> given = new ArrayList<>(options);
    String apiKey = environment.get(API_KEY_VARIABLE);
    if (apiKey != null && options.stream().noneMatch(option -> option.key().equals(API_KEY))) {
      given.add(new Settings.Option(API_KEY_VARIABLE, API_KEY, List.of(apiKey)));
    }
    String key = environment.getOrDefault(CLUSTER_KEY_VARIABLE, "");
    if (!key.isEmpty() && options.stream().noneMatch(o -> o.key().startsWith(CLUSTER_KEY))) {
      given.add(new Settings.Option(CLUSTER_KEY_VARIABLE, CLUSTER_KEY + "text", key));
    }
    return Settings.load(config, all, given);
  }

  private static Arguments from(ParseResult main) {
    List<ParseResult> results = new ArrayList<>(List.of(main));
    results.addAll(main.subcommands());
    Map<String, String> properties = new LinkedHashMap<>();
    List<Settings.Option> options = new ArrayList<>();
    Optional<Path> config = Optional.empty();
    for (ParseResult result : results) {
      for (PositionalParamSpec operand : result.matchedPositionals()) {
        if (operand.userObject() instanceof OptionRow row) {
          options.add(row.toOption(operand.getValue()));
        }
      }
      for (OptionSpec option : result.matchedOptions()) {
        switch (option.userObject()) {
          case OptionRow row -> options.add(row.toOption(option.getValue()));
          case null -> {}
          default -> throw new IllegalStateException("option=" + option.longestName());
        }
      }
      config =
          result.hasMatchedOption("--config")
              ? Optional.of(configPath(result.matchedOptionValue("--config", "")))
              : config;
      properties.putAll(result.matchedOptionValue("-D", Map.<String, String>of()));
      verbosity(result).ifPresent(options::add);
    }
    Optional<Command> command =
        main.hasSubcommand()
            ? Command.named(main.subcommand().commandSpec().name())
            : Optional.empty();
    command.flatMap(Command::asOption).ifPresent(options::add);
    return new Arguments(command, properties, config, options);
  }

  private static Path configPath(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new UserException("--config %s is not a path of this system".formatted(text), e);
    }
  }

  private static Optional<Settings.Option> verbosity(ParseResult result) {
    int count = result.matchedOptionValue("-v", new boolean[0]).length;
    return count == 0
        ? Optional.empty()
        : Optional.of(new Settings.Option("-v", "log-level", count == 1 ? "info" : "debug"));
  }

  private static CommandSpec spec() {
    CommandSpec main = CommandSpec.create().name("dllama-akka");
    Options.NODE.forEach(row -> row.addTo(main));
    Options.ROOT.forEach(row -> row.addTo(main));
    addGeneral(main);
    main.usageMessage()
        .description("One large language model, run by several computers together.")
        .synopsisHeading("Usage: ")
        .customSynopsis(
            "dllama-akka --role root [MODE] [options]",
            "       dllama-akka --role worker --seed-node HOST [options]",
            "       dllama-akka COMMAND [options]")
        .commandListHeading("%nModes and commands (each has --help):%n")
        .footer(
            "",
            "Every option is also a setting; -Dkey=value and --config take all of them.",
            "With --get-jdk alone it gets a JDK 25 for itself.");
    for (Command command : Command.values()) {
      main.addSubcommand(command.word(), spec(command));
    }
    return main;
  }

  private static CommandSpec spec(Command command) {
    CommandSpec spec = CommandSpec.create().name(command.word());
    command.options().forEach(row -> row.addTo(spec));
    addGeneral(spec);
    spec.usageMessage().description(command.summary());
    return spec;
  }

  /// Adds what every command has.
  private static void addGeneral(CommandSpec spec) {
    spec.mixinStandardHelpOptions(true).version("dllama-akka " + Version.current());
    spec.usageMessage().width(100).abbreviateSynopsis(true).sortOptions(false);
    spec.addOption(
        OptionSpec.builder("--config")
            .type(String.class)
            .paramLabel("FILE")
            .description("settings; see conf/")
            .build());
    spec.addOption(
        OptionSpec.builder("-D")
            .type(Map.class)
            .auxiliaryTypes(String.class, String.class)
            .paramLabel("KEY=VALUE")
            .description("any setting, such as -Ddllama.sync.timeout=5s")
            .build());
    spec.addOption(
        OptionSpec.builder("-v")
            .type(boolean[].class)
            .arity("0")
            .description("log more to standard error; -vv even more")
            .build());
  }

  private static String unknown(UnmatchedArgumentException e) {
    String argument = e.getUnmatched().getFirst();
    CommandSpec spec = e.getCommandLine().getCommandSpec();
    boolean option = argument.startsWith("-");
    Set<String> known =
        new TreeSet<>(option ? spec.optionsMap().keySet() : spec.subcommands().keySet());
    String name = option ? argument.split("=", 2)[0] : argument;
    String what = option ? "option" : "command";
    return "unknown %s %s%s"
        .formatted(
            what,
            name,
            Nearest.of(name, known)
                .map(nearest -> "; did you mean " + nearest + "?")
                .orElse("; --help shows what there is"));
  }
}
