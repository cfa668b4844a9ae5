package dllama.cli;

import dllama.cli.InspectResult.NodeMemory;
import dllama.cli.InspectResult.Sizes;
import dllama.cli.InspectResult.TensorRow;
import dllama.cli.InspectResult.Token;
import dllama.cli.InspectResult.TypeSum;
import dllama.cli.InspectResult.Words;
import dllama.error.VisibleText;
import dllama.files.ByteSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// What a file is, for the eye: a name and a value per line.
final class InspectText {
  /// What a file says may be of any length.
  private static final int MAX_LINE = 1000;

  private static final int MAX_TEMPLATE_LINE = 80;

  private final StringBuilder text = new StringBuilder();

  private InspectText() {}

  static String of(InspectResult result) {
    InspectText lines = new InspectText();
    lines.add("file", String.join(", ", result.files()));
    lines.add("format", "%s, %s".formatted(result.format(), ByteSize.text(result.bytes())));
    if (result.architecture() != null) {
      lines.add(
          "model",
          "%s, %s parameters".formatted(result.architecture(), count(result.parameters())));
    }
    if (result.sizes() != null) {
      lines.sizes(result.sizes());
    }
    result.keys().forEach(lines::add);
    result.types().forEach(lines::type);
    if (result.tokenizer() != null) {
      lines.tokenizer(result.tokenizer());
    }
    if (result.chatTemplate() != null) {
      InspectResult.Chat chat = result.chatTemplate();
      String known = chat.known() == null ? "" : ", looks like " + chat.known();
      lines.add("template", "Jinja, %d characters%s".formatted(chat.characters(), known));
      lines.add("", VisibleText.line(chat.firstLine(), MAX_TEMPLATE_LINE));
    }
    result.memory().forEach(lines::memory);
    result.unusable().forEach(why -> lines.add("not usable", why));
    result.unsupported().forEach(why -> lines.add("unsupported", why));
    result.tensors().forEach(lines::tensor);
    return lines.text.toString();
  }

  private void add(String name, String value) {
    String line = "%-14s %s".formatted(name, value);
    text.append(VisibleText.line(line, MAX_LINE)).append('\n');
  }

  private void sizes(Sizes sizes) {
    add(
        "layers",
        "%d, width %d, feed-forward %d".formatted(sizes.layers(), sizes.dim(), sizes.ffnDim()));
    add(
        "heads",
        "%d of %d values, %d of keys and values"
            .formatted(sizes.heads(), sizes.headDim(), sizes.kvHeads()));
    if (sizes.experts() > 0) {
      add("experts", "%d, %d active".formatted(sizes.experts(), sizes.activeExperts()));
    }
    add("context", String.valueOf(sizes.contextLength()));
    add("rope", sizes.rope());
    if (sizes.window() > 0 && sizes.window() < sizes.contextLength()) {
      add(
          "window",
          "%d positions in %d of %d layers"
              .formatted(sizes.window(), sizes.slidingLayers(), sizes.layers()));
    }
    if (sizes.slidingHeadDim() > 0) {
      add(
          "",
          "with heads of %d values, %d of keys and values"
              .formatted(sizes.slidingHeadDim(), sizes.slidingKvHeads()));
    }
    if (sizes.borrowers() > 0) {
      add("keys", "%d layers read those of earlier ones".formatted(sizes.borrowers()));
    }
    if (sizes.layerInputs() > 0) {
      add("inputs", "%d values for each layer, of each token".formatted(sizes.layerInputs()));
    }
  }

  private void type(TypeSum sum) {
    add(
        "weights",
        "%-7s %4d tensor%s %s"
            .formatted(
                sum.type(),
                sum.tensors(),
                sum.tensors() == 1 ? ", " : "s,",
                ByteSize.text(sum.bytes())));
  }

  private void tokenizer(Words words) {
    List<String> parts = new ArrayList<>(List.of(words.kind(), words.size() + " tokens"));
    parts.add(words.special() + " special");
    if (!words.preTokenizer().isEmpty()) {
      parts.add("pre-tokenizer " + words.preTokenizer());
    }
    add("tokenizer", String.join(", ", parts));
    if (words.bos() != null) {
      add("begin", shown(words.bos()) + (words.addsBos() ? "" : ", not added"));
    }
    add("end", words.ends().stream().map(InspectText::shown).collect(Collectors.joining(", ")));
  }

  private static String shown(Token token) {
    return "%d %s".formatted(token.id(), token.text());
  }

  private void memory(NodeMemory memory) {
    add(
        memory.nodes() == 1 ? "1 node" : memory.nodes() + " nodes",
        "%s each: weights %s, cache of %d tokens %s, process %s"
            .formatted(
                ByteSize.text(memory.total()),
                ByteSize.text(memory.slice()),
                memory.contextLength(),
                ByteSize.text(memory.cache()),
                ByteSize.text(memory.process())));
  }

  private void tensor(TensorRow row) {
    String shape = row.shape().stream().map(String::valueOf).collect(Collectors.joining(" × "));
    String line =
        "%-40s %-8s %-20s %s".formatted(row.name(), row.type(), shape, ByteSize.text(row.bytes()));
    text.append(VisibleText.line(line, MAX_LINE)).append('\n');
  }

  /// Such as "1.24 billion".
  private static String count(long parameters) {
    return parameters >= 1_000_000_000
        ? String.format(Locale.ROOT, "%.2f billion", parameters / 1e9)
        : String.format(Locale.ROOT, "%.2f million", parameters / 1e6);
  }
}
