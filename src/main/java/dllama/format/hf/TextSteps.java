package dllama.format.hf;

import dllama.tokenizer.PreTokenizer;
import dllama.tokenizer.SplitStep;
import dllama.tokenizer.TextForm;
import dllama.tokenizer.TextForm.SpaceInFront;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a `tokenizer.json` does to texts before tokens are merged: its `normalizer` and its
/// `pre_tokenizer`. What is not known of them is left out, with a warning.
final class TextSteps {
  private static final String MARK = "▁";

  private final List<SplitStep> splits = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private boolean byteLevel;
  private boolean composed;
  private boolean marked;
  private SpaceInFront spaces = SpaceInFront.NEVER;

  TextSteps(TokenizerJson json) {
    json.part("normalizer").ifPresent(this::normalizer);
    json.part("pre_tokenizer").ifPresent(this::preTokenizer);
  }

  private static String type(HfValues step) {
    return step.text("type").orElse("none");
  }

  private void normalizer(HfValues step) {
    switch (type(step)) {
      case "Sequence" -> step.objects("normalizers").forEach(this::normalizer);
      case "NFC" -> composed = true;
      case "Prepend" -> {
        if (step.text("prepend").equals(Optional.of(MARK))) {
          spaces = SpaceInFront.EVERYWHERE_ONE_MORE;
        } else {
          leftOut("normalizer Prepend");
        }
      }
      case "Replace" -> {
        Optional<String> replaced = step.object("pattern").flatMap(of -> of.text("String"));
        if (replaced.equals(Optional.of(" ")) && step.text("content").equals(Optional.of(MARK))) {
          marked = true;
        } else {
          leftOut("normalizer Replace");
        }
      }
      default -> leftOut("normalizer " + type(step));
    }
  }

  private void preTokenizer(HfValues step) {
    if (byteLevel) {
      splits.add(new SplitStep.Pattern("of a text in the byte alphabet"));
    }
    switch (type(step)) {
      case "Sequence" -> step.objects("pretokenizers").forEach(this::preTokenizer);
      case "ByteLevel" -> {
        byteLevel = true;
        if (step.truth("use_regex").orElse(true)) {
          splits.add(new SplitStep.Words());
        }
        if (step.truth("add_prefix_space").orElse(true)) {
          leftOut("add_prefix_space");
        }
      }
      case "Metaspace" -> metaspace(step);
      case "Split" -> split(step);
      case "Digits" ->
          splits.add(new SplitStep.Digits(step.truth("individual_digits").orElse(false)));
      case "Punctuation" ->
          splits.add(
              new SplitStep.Punctuation(!step.text("behavior").equals(Optional.of("Contiguous"))));
      default -> splits.add(new SplitStep.Pattern(type(step)));
    }
  }

  private void metaspace(HfValues step) {
    marked = true;
    if (!step.text("replacement").orElse(MARK).equals(MARK)) {
      leftOut("pre_tokenizer Metaspace");
    }
    boolean old = step.truth("add_prefix_space").orElse(true);
    spaces =
        switch (step.text("prepend_scheme").orElse(old ? "always" : "never")) {
          case "first" -> SpaceInFront.AT_START;
          case "never" -> SpaceInFront.NEVER;
          default -> SpaceInFront.EVERYWHERE;
        };
    if (step.truth("split").orElse(true)) {
      splits.add(new SplitStep.Marks());
    }
  }

  private void split(HfValues step) {
    Optional<HfValues> pattern = step.object("pattern");
    Optional<String> text = pattern.flatMap(of -> of.text("String"));
    if (marked && text.equals(Optional.of(" "))) {
      return; // there is none any more
    }
    String regex = pattern.flatMap(of -> of.text("Regex")).or(() -> text).orElse("");
    String behavior = step.text("behavior").orElse("");
    boolean inverted = step.truth("invert").orElse(false);
    boolean keepsAll = behavior.equals("Isolated") || (behavior.equals("Removed") && inverted);
    splits.add(new SplitStep.Pattern(keepsAll ? regex : behavior + " " + regex));
  }

  private void leftOut(String what) {
    warnings.add(
        "the tokenizer's %s is not supported and left out; answers may be worse for it"
            .formatted(what));
  }

  /// Whether tokens are written in a byte alphabet.
  boolean byteLevel() {
    return byteLevel;
  }

  /// Whether spaces are written `▁`.
  boolean marked() {
    return marked;
  }

  TextForm form() {
    return new TextForm(composed, marked, spaces);
  }

  /// How texts are split.
  ///
  /// @param wholePieces whether a piece that is a token is taken as it is
  PreTokenizer splitting(boolean wholePieces) {
    return PreTokenizer.of(splits, wholePieces)
        .orElseGet(
            () -> {
              warnings.add(
                  "how the tokenizer splits texts (pre_tokenizer) is not known; the default one is"
                      + " used, and answers may be worse for it");
              return PreTokenizer.DEFAULT.withWholePieces(wholePieces);
            });
  }

  /// What the user should know, when all has been asked for.
  List<String> warnings() {
    return List.copyOf(warnings);
  }
}
