package dllama.reply;

import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A format in which markers within the text begin and end thoughts and calls.
final class MarkedFormat implements ReplyFormat {
  private static final int SHORTEST_MARKER = 3;

  private final @Nullable Thinking thinking;
  private final ToolSyntax syntax;
  private final List<String> frames;
  private final boolean tellsTools;
  private final boolean writesCalls;
  private final Vocabulary vocabulary;
  private final BitSet markerTokens;

  /// @param frames marks around content that are not shown
  MarkedFormat(
      @Nullable Thinking thinking,
      ToolSyntax syntax,
      List<String> frames,
      boolean tellsTools,
      boolean writesCalls,
      Vocabulary vocabulary) {
    this.thinking = thinking;
    this.syntax = syntax;
    this.frames = frames;
    this.tellsTools = tellsTools;
    this.writesCalls = writesCalls;
    this.vocabulary = vocabulary;
    markerTokens = findMarkerTokens();
  }

  /// Control tokens whose names are in a marker, which may be several of them in a row.
  private BitSet findMarkerTokens() {
    List<String> markers = new ArrayList<>(syntax.markers());
    if (thinking != null) {
      markers.addAll(List.of(thinking.open(), thinking.close()));
    }
    BitSet found = new BitSet();
    vocabulary.printing().silent().stream()
        .filter(id -> vocabulary.pieces()[id].length >= SHORTEST_MARKER)
        .filter(id -> markers.stream().anyMatch(marker -> marker.contains(vocabulary.text(id))))
        .forEach(found::set);
    return found;
  }

  @Override
  public ReplyParser parser(List<Tool> tools, String prompt) {
    return new MarkedParser(this, tools, thinking != null && thinking.begunBy(prompt));
  }

  @Override
  public boolean tellsTools() {
    return tellsTools;
  }

  @Override
  public boolean writesCalls() {
    return writesCalls;
  }

  @Override
  public CallForm callForm() {
    return syntax.form();
  }

  @Override
  public BitSet markerTokens() {
    return (BitSet) markerTokens.clone();
  }

  @Nullable Thinking thinking() {
    return thinking;
  }

  ToolSyntax syntax() {
    return syntax;
  }

  List<String> frames() {
    return frames;
  }

  /// The name of a control token that is a marker; empty for other tokens.
  String marker(int token) {
    return token >= 0 && markerTokens.get(token) ? vocabulary.text(token) : "";
  }
}
