package dllama.constraint;

import dllama.error.UserException;
import dllama.generation.TokenMask;
import java.util.BitSet;

/// Holds one answer to a grammar: what counts is the text that is shown of its tokens. Not
/// thread-safe.
public final class GrammarMask implements TokenMask {
  private final TokenTrie trie;
  private final TrieWalk walk;
  private final BitSet allowed;
  private Ways ways;

  /// Whether a space that the next token begins with is not shown.
  private boolean hidesSpace;

  /// Whether [#allowed] is that of where the answer stands.
  private boolean known;

  GrammarMask(TokenTrie trie, Grammar grammar, boolean hidesSpace) {
    this.trie = trie;
    this.hidesSpace = hidesSpace;
    walk = new TrieWalk(trie);
    allowed = new BitSet(trie.size());
    ways = Ways.into(grammar);
  }

  /// @throws UserException if the answer can neither go on nor end
  @Override
  public BitSet allowed() {
    if (!known) {
      allowed.clear();
      walk.add(ways, TokenTrie.ROOT, allowed);
      int space = hidesSpace ? trie.child(TokenTrie.ROOT, (byte) ' ') : -1;
      if (space >= 0) {
        int end = trie.firstToken(trie.end(space));
        for (int i = trie.firstToken(space); i < end; i++) {
          allowed.clear(trie.token(i));
        }
        walk.add(ways, space, allowed);
      }
      if (allowed.isEmpty() && !mayEnd()) {
        throw new UserException(
            "no token of this model goes on with the answer as its form demands; make the schema"
                + " simpler");
      }
      known = true;
    }
    return allowed;
  }

  @Override
  public boolean mayEnd() {
    return ways.mayEnd();
  }

  @Override
  public void accept(int token) {
    byte[] shown = trie.shown(token);
    int from = hidesSpace && shown.length > 0 && shown[0] == ' ' ? 1 : 0;
    ways = ways.after(shown, from);
    hidesSpace = false;
    known = false;
  }
}
