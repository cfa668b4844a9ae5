package dllama.cli;

import dllama.settings.Settings;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/// What can be asked for: the modes of a root, and tools that need no cluster.
enum Command {
  CHAT(true, "Talk with the model; the default."),
  API(true, "Serve programs and browsers over HTTP."),
  INFERENCE(true, "Go on from a prompt."),
  LOGITS(true, "Write the logits of given tokens to a file."),
  PERPLEXITY(true, "Measure how well the model foretells a text."),
  BENCH(true, "Measure prefill and decode."),
  PLAN(false, "Predict memory, traffic and speed of a model on nodes you may not have yet."),
  SYNTH(false, "Write a model of random weights, for tests and measurements."),
  CONVERT(false, "Convert a model to a .m or .gguf file."),
  TOKENIZE(false, "Show the tokens of a text."),
  INSPECT(false, "Show what a model or tokenizer file is, and what it needs."),
  FETCH(false, "Get a model: by name, ORG/REPO:QUANT or URL."),
  MODELS(false, "List the models that were fetched."),
  RM(false, "Remove a fetched model."),
  CLUSTER_KEY(false, "Show the cluster key, and make one where there is none.");

  private final boolean mode;
  private final String summary;

  Command(boolean mode, String summary) {
    this.mode = mode;
    this.summary = summary;
  }

  static Optional<Command> named(String word) {
    return Arrays.stream(values()).filter(command -> command.word().equals(word)).findFirst();
  }

  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  String summary() {
    return summary;
  }

  /// Whether it needs a root and its nodes.
  boolean mode() {
    return mode;
  }

  List<OptionRow> options() {
    List<OptionRow> own =
        switch (this) {
          case CHAT -> Options.CHAT;
          case API -> Options.API;
          case INFERENCE -> Options.INFERENCE;
          case LOGITS -> Options.LOGITS;
          case PERPLEXITY -> Options.PERPLEXITY;
          case BENCH -> Options.BENCH;
          case PLAN -> Options.PLAN;
          case SYNTH -> Options.SYNTH;
          case CONVERT -> Options.CONVERT;
          case TOKENIZE -> Options.TOKENIZE;
          case INSPECT -> Options.INSPECT;
          case FETCH -> Options.FETCH;
          case MODELS -> Options.MODELS;
          case RM -> Options.RM;
          case CLUSTER_KEY -> Options.CLUSTER_KEY;
        };
    return mode ? Stream.of(own, Options.ROOT, Options.NODE).flatMap(List::stream).toList() : own;
  }

  /// The setting that says so, if this is a mode.
  Optional<Settings.Option> asOption() {
    return mode ? Optional.of(new Settings.Option(word(), "mode", word())) : Optional.empty();
  }
}
