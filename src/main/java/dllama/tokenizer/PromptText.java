package dllama.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// A prompt that knows who wrote what of it, so that only the template's own text can name special
/// tokens: what a person, a file or a tool says is encoded as text, whatever it looks like. Texts
/// that stand side by side are encoded as one. Not thread-safe.
public final class PromptText {
  /// Text, or the tokens of an answer.
  sealed interface Part {
    /// Bytes of text.
    ///
    /// @param trusted the bytes in which names of special tokens stand for these tokens
    record Bytes(byte[] text, BitSet trusted) implements Part {}

    record Tokens(int[] ids) implements Part {}
  }

  private final List<Part> parts = new ArrayList<>();
  private final StringBuilder shown = new StringBuilder();
  private final ByteArrayOutputStream text = new ByteArrayOutputStream();
  private BitSet trusted = new BitSet();

  /// Adds text of the template.
  public PromptText template(String added) {
    int from = text.size();
    untrusted(added);
    trusted.set(from, text.size());
    return this;
  }

  /// Adds what somebody has said.
  public PromptText said(ChatTemplate.Message message) {
    int[] tokens = message.tokens();
    if (tokens == null) {
      return untrusted(message.text());
    }
    endText();
    parts.add(new Part.Tokens(tokens));
    shown.append(message.text());
    return this;
  }

  private PromptText untrusted(String added) {
    text.writeBytes(added.getBytes(StandardCharsets.UTF_8));
    shown.append(added);
    return this;
  }

  private void endText() {
    if (text.size() > 0) {
      parts.add(new Part.Bytes(text.toByteArray(), trusted));
      text.reset();
      trusted = new BitSet();
    }
  }

  List<Part> parts() {
    endText();
    return parts;
  }

  /// The whole text, as a person would read it.
  @Override
  public String toString() {
    return shown.toString();
  }
}
