package dllama.constraint;

import dllama.error.UserException;
import dllama.tokenizer.TokenStream;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;

/// The tokens of a vocabulary by the bytes that they show: a tree, its nodes in the order of these
/// bytes, so that a node's subtree is what follows it. Special tokens are not in it. For any
/// thread.
///
/// Takes some 9 bytes a node and 4 a token, beside the pieces, which are the vocabulary's: with
/// 128,000 tokens about 4 MB. To make one takes a fraction of a second.
public final class TokenTrie {
  /// The node of all tokens.
  static final int ROOT = 0;

  /// Bytes that grammars need: those of JSON, and of names in it.
  private static final String NEEDED = "\"\\{}[]:,.-0123456789abcdefghijklmnopqrstuvwxyz ";

  /// A token in a number that is sorted by, and the bytes above it, of 9 bits each.
  private static final int TOKEN_BITS = 24;

  private static final int AT_ONCE = 4;

  private final byte[][] shown;

  /// The token behind which a first space is not shown, or −1.
  private final int hiding;

  /// Tokens, in the order of what they show.
  private final int[] tokens;

  /// By node: its byte, where its subtree ends, and its first token.
  private final byte[] values;

  private final int[] ends;
  private final int[] firsts;
  private final int longest;
  private final MaskCache cache = new MaskCache();

  private TokenTrie(byte[][] shown, int hiding) {
    this.shown = shown;
    this.hiding = hiding;
    tokens = sorted(shown);
    int nodes = 1;
    int most = 0;
    byte[] before = {};
    for (int token : tokens) {
      byte[] text = shown[token];
      nodes += text.length - common(before, text);
      most = Math.max(most, text.length);
      before = text;
    }
    longest = most;
    values = new byte[nodes];
    ends = new int[nodes];
    firsts = new int[nodes + 1];
    fill();
  }

  /// That of a vocabulary.
  ///
  /// @throws UserException if its tokens can not spell JSON
  public static TokenTrie of(Vocabulary vocabulary) {
    return of(vocabulary, new BitSet());
  }

  /// The same, where some tokens that show nothing count as their names.
  ///
  /// @throws UserException if its tokens can not spell JSON
  public static TokenTrie of(Vocabulary vocabulary, BitSet named) {
    byte[][] shown = TokenStream.shown(vocabulary);
    named.stream().forEach(token -> shown[token] = vocabulary.pieces()[token]);
    TokenTrie trie =
        new TokenTrie(shown, TokenStream.hidesFirstSpace(vocabulary) ? vocabulary.bosId() : -1);
    for (int i = 0; i < NEEDED.length(); i++) {
      char c = NEEDED.charAt(i);
      int node = trie.child(ROOT, (byte) c);
      if (node < 0 || trie.firstToken(node) == trie.firstToken(node + 1)) {
        throw new UserException(
            "answers of this model can not be held to a form: it has no token for %s alone"
                .formatted(c == ' ' ? "a space" : Character.toString(c)));
      }
    }
    return trie;
  }

  /// Holds one answer to a grammar.
  ///
  /// @param before the token in front of the answer; −1 if there is none
  public GrammarMask mask(Grammar grammar, int before) {
    return new GrammarMask(this, grammar, hiding >= 0 && before == hiding);
  }

  /// Tokens that show something, in the order of what they show.
  private static int[] sorted(byte[][] shown) {
    int[] tokens =
        IntStream.range(0, shown.length).filter(token -> shown[token].length > 0).toArray();
    sort(shown, tokens, 0, tokens.length, 0);
    return tokens;
  }

  /// Sorts tokens that are equal up to a place: by a few bytes from there on, as numbers with the
  /// token below them, and then those that are equal in these, too.
  private static void sort(byte[][] shown, int[] tokens, int from, int to, int place) {
    long[] keys = new long[to - from];
    for (int i = 0; i < keys.length; i++) {
      byte[] text = shown[tokens[from + i]];
      long key = 0;
      for (int at = place; at < place + AT_ONCE; at++) {
        // One more than the byte: what has ended comes first.
        key = key << 9 | (at < text.length ? (text[at] & 0xFF) + 1 : 0);
      }
      keys[i] = key << TOKEN_BITS | tokens[from + i];
    }
    Arrays.sort(keys);
    int run = 0;
    for (int i = 0; i <= keys.length; i++) {
      boolean goesOn = i < keys.length && keys[i] >>> TOKEN_BITS == keys[run] >>> TOKEN_BITS;
      if (!goesOn) {
        boolean ended = shown[(int) keys[run] & (1 << TOKEN_BITS) - 1].length < place + AT_ONCE;
        if (i - run > 1 && !ended) {
          sort(shown, tokens, from + run, from + i, place + AT_ONCE);
        }
        run = i;
      }
      if (i < keys.length) {
        tokens[from + i] = (int) keys[i] & (1 << TOKEN_BITS) - 1;
      }
    }
  }

  /// How many bytes two texts begin with alike.
  private static int common(byte[] a, byte[] b) {
    int at = Arrays.mismatch(a, b);
    return at < 0 ? a.length : at;
  }

  private void fill() {
    int[] open = new int[longest + 1];
    int next = 1;
    byte[] before = {};
    for (int i = 0; i < tokens.length; i++) {
      byte[] text = shown[tokens[i]];
      int common = common(before, text);
      for (int depth = before.length; depth > common; depth--) {
        ends[open[depth]] = next;
      }
      for (int depth = common + 1; depth <= text.length; depth++) {
        values[next] = text[depth - 1];
        firsts[next] = i;
        open[depth] = next++;
      }
      before = text;
    }
    for (int depth = before.length; depth >= 0; depth--) {
      ends[open[depth]] = next;
    }
    firsts[next] = tokens.length;
  }

  /// The node behind another one by a byte, or −1.
  int child(int node, byte value) {
    for (int child = node + 1; child < ends[node]; child = ends[child]) {
      if (values[child] == value) {
        return child;
      }
    }
    return -1;
  }

  byte value(int node) {
    return values[node];
  }

  /// The first node that is not in a node's subtree.
  int end(int node) {
    return ends[node];
  }

  /// The first token of a node in the order of [#token]; the next node's is behind its last one.
  int firstToken(int node) {
    return firsts[node];
  }

  int token(int index) {
    return tokens[index];
  }

  /// What a token shows; nothing of ids beyond the vocabulary, since models are often padded.
  byte[] shown(int token) {
    return token >= 0 && token < shown.length ? shown[token] : new byte[0];
  }

  /// Ids are below this.
  int size() {
    return shown.length;
  }

  /// Bytes of the longest token.
  int longest() {
    return longest;
  }

  MaskCache cache() {
    return cache;
  }
}
