package dllama.format.file;

import dllama.tokenizer.TokenKind;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// The tokens that end a text or an answer. Files often tell only one of those that end an answer,
/// so llama.cpp goes by their names, too, and so do we.
///
/// @param eos the one that the file names first, then the others
public record EndTokens(List<Integer> eos) {
  /// Names that end an answer in whatever vocabulary has them.
  private static final Set<String> NAMES =
      Set.of(
          "<|eot_id|>",
          "<|eom_id|>",
          "<|im_end|>",
          "<|end|>",
          "<|return|>",
          "<|call|>",
          "<|calls|>",
          "<|flush|>",
          "<end_of_turn>",
          "<|endoftext|>",
          "<|end_of_text|>",
          "<end_of_utterance>",
          "</s>",
          "<EOT>",
          "_<EOT>",
          "[EOT]",
          "[EOS]",
          "<eos>",
          "<turn|>",
          "<|tool_response>",
          "<｜end▁of▁sentence｜>",
          "[e~[",
          // Between the files of a repository, and padding around code.
          "<|fim_pad|>",
          "<fim-pad>",
          "<fim_pad>",
          "<PAD>",
          "[PAD]",
          "<|fim_repo|>",
          "<|repo_name|>",
          "<fim-repo>",
          "<REPO>",
          "<reponame>",
          "<|file_sep|>");

  /// Finds them. Those that have their part by name become control tokens, whatever the file says.
  ///
  /// @param told ids that the file tells
  public static EndTokens of(List<Integer> told, byte[][] names, TokenKind[] kinds) {
    Set<Integer> eos = new LinkedHashSet<>(told);
    Map<String, Integer> named = named(names);
    eos.addAll(named.values());
    // Messages of gpt-oss and Solar end with it, answers do not.
    boolean calls = named.containsKey("<|call|>") || named.containsKey("<|calls|>");
    if (calls && (named.containsKey("<|return|>") || named.containsKey("<|flush|>"))) {
      eos.remove(named.get("<|end|>"));
    }
    // Gemma 4 has both; there it is an ordinary token.
    if (named.containsKey("<|tool_response>")) {
      eos.remove(named.get("</s>"));
    }
    eos.forEach(id -> kinds[id] = TokenKind.CONTROL);
    return new EndTokens(List.copyOf(eos));
  }

  private static Map<String, Integer> named(byte[][] names) {
    Map<String, Integer> found = new TreeMap<>();
    for (int id = 0; id < names.length; id++) {
      byte[] name = names[id];
      if (name.length >= 4 && name.length <= 32) {
        String text = new String(name, StandardCharsets.UTF_8);
        if (NAMES.contains(text)) {
          found.put(text, id);
        }
      }
    }
    return found;
  }
}
