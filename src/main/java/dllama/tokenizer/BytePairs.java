package dllama.tokenizer;

import dllama.tokenizer.TokenTable.Frame;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A vocabulary of byte pairs with all that another file has to hold of it.
///
/// @param byteLevel whether tokens are written in a [ByteAlphabet], or as they are with `▁` for
///     spaces
/// @param merges two texts with a space between, the first one before all others
public record BytePairs(
    boolean byteLevel,
    TokenTable tokens,
    Frame frame,
    List<String> merges,
    PreTokenizer splitting,
    TextForm form) {
  public BytePairs {
    merges = List.copyOf(merges);
  }

  /// The name of a token as the file spells it.
  public String name(int id) {
    return new String(tokens.names()[id], StandardCharsets.UTF_8);
  }

  /// Whether merging goes by the order of ids, and two tokens are merged wherever they are a token
  /// together: then scores say it all, as in vocabularies of SentencePiece, from which such lists
  /// of merges are made.
  public boolean isByOrder() {
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < tokens.size(); id++) {
      if (tokens.kinds()[id].ofText() || tokens.kinds()[id] == TokenKind.BYTE) {
        ids.put(name(id), id);
      }
    }
    Set<String> listed = new HashSet<>(merges);
    int last = -1;
    for (String merge : merges) {
      int id = ids.getOrDefault(merge.replaceFirst(" ", ""), -1);
      if (id < last) {
        return false;
      }
      last = id;
    }
    return ids.entrySet().stream()
        .filter(token -> tokens.kinds()[token.getValue()] == TokenKind.NORMAL)
        .allMatch(token -> allCuts(token.getKey(), ids, listed));
  }

  private static boolean allCuts(String token, Map<String, Integer> ids, Set<String> listed) {
    for (int cut = 1; cut < token.length(); cut++) {
      String left = token.substring(0, cut);
      String right = token.substring(cut);
      if (ids.containsKey(left) && ids.containsKey(right) && !listed.contains(left + " " + right)) {
        return false;
      }
    }
    return true;
  }
}
