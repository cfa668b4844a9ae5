package dllama.cli;

import dllama.settings.Settings;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/// One option of the command line, which is another way to write a setting.
///
/// @param names the option, and its short form
/// @param label placeholder of the value in the help; empty for a switch
/// @param key setting without the leading `dllama.`
/// @param kind how the value becomes a setting
record OptionRow(List<String> names, String label, String key, Kind kind, String help) {
  enum Kind {
    TEXT,
    /// Switched on by being there.
    SWITCH,
    /// May repeat.
    REPEATED,
    /// Values with commas between them.
    COMMAS,
    /// What a command is about, given without an option.
    OPERAND,
    /// The same, but it may be left out.
    OPTIONAL_OPERAND
  }

  static OptionRow text(String name, String label, String key, String help) {
    return new OptionRow(List.of(name), label, key, Kind.TEXT, help);
  }

  static OptionRow option(Kind kind, String name, String label, String key, String help) {
    return new OptionRow(List.of(name), label, key, kind, help);
  }

  /// What a command is about.
  static OptionRow operand(String label, String key, String help) {
    return new OptionRow(List.of(label), label, key, Kind.OPERAND, help);
  }

  /// Adds it to a command of picocli, which gives the row back with what it matched.
  void addTo(CommandSpec spec) {
    if (kind == Kind.OPERAND || kind == Kind.OPTIONAL_OPERAND) {
      spec.addPositional(
          PositionalParamSpec.builder()
              .type(String.class)
              .index(String.valueOf(spec.positionalParameters().size()))
              .arity(kind == Kind.OPERAND ? "1" : "0..1")
              .required(kind == Kind.OPERAND)
              .paramLabel(label)
              .userObject(this)
              .description(help)
              .build());
    } else {
      spec.addOption(toSpec());
    }
  }

  private OptionSpec toSpec() {
    OptionSpec.Builder builder =
        OptionSpec.builder(names.toArray(String[]::new)).userObject(this).description(help);
    switch (kind) {
      case SWITCH -> builder.type(boolean.class);
      case TEXT, COMMAS, OPERAND, OPTIONAL_OPERAND -> builder.type(String.class).paramLabel(label);
      case REPEATED -> builder.type(List.class).auxiliaryTypes(String.class).paramLabel(label);
    }
    return builder.build();
  }

  /// The setting of a matched option.
  Settings.Option toOption(Object value) {
    return new Settings.Option(
        names.getFirst(),
        key,
        switch (kind) {
          case SWITCH -> "on";
          case TEXT, REPEATED, OPERAND, OPTIONAL_OPERAND -> value;
          case COMMAS -> List.of(value.toString().split(","));
        });
  }
}
