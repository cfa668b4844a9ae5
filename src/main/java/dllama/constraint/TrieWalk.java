package dllama.constraint;

import dllama.constraint.MaskCache.Walk;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;

/// Finds the tokens that a text can go on with: follows the bytes of the vocabulary's tree with the
/// automaton. Of one mask.
///
/// Each terminal is followed as far as it goes, and where it can be complete what is below it on
/// the stack goes on from there. So the first part does not depend on the stack, and is kept.
final class TrieWalk {
  /// Walks of fewer nodes are not worth keeping.
  private static final int SHORT = 2000;

  /// Nodes; only schemas that mean harm need so many.
  private static final int MOST_NODES = 20_000_000;

  /// Where a frame has been followed from.
  private record Visit(Frame frame, int node) {}

  private final TokenTrie trie;
  private final long[] states;
  private final int[] ends;
  private int[] exits = new int[64];
  private final Set<Visit> visited = new HashSet<>();
  private int nodes;

  TrieWalk(TokenTrie trie) {
    this.trie = trie;
    states = new long[trie.longest() + 1];
    ends = new int[trie.longest() + 1];
  }

  /// Adds the tokens behind a node of the tree that one of the ways allows.
  void add(Ways ways, int node, BitSet allowed) {
    visited.clear();
    nodes = 0;
    for (Frame frame : ways) {
      add(frame, node, allowed);
    }
  }

  private void add(Frame frame, int node, BitSet allowed) {
    if (!(frame.node instanceof Terminal terminal) || nodes > MOST_NODES) {
      return;
    }
    if (node != TokenTrie.ROOT && !visited.add(new Visit(frame, node))) {
      return;
    }
    int[] left;
    if (node == TokenTrie.ROOT) {
      Walk walk = whole(terminal, frame.state);
      allowed.or(walk.within());
      left = walk.exits();
    } else {
      left = follow(terminal, frame.state, node, allowed);
    }
    if (left.length > 0) {
      Ways below = Ways.below(frame.below());
      for (int exit : left) {
        for (Frame next : below) {
          add(next, exit, allowed);
        }
      }
    }
  }

  private Walk whole(Terminal terminal, long state) {
    Object key = terminal.likeness(state, trie.longest());
    Walk kept = key == null ? null : trie.cache().get(key);
    if (kept != null) {
      return kept;
    }
    int before = nodes;
    BitSet within = new BitSet(trie.size());
    Walk walk = new Walk(within, follow(terminal, state, TokenTrie.ROOT, within));
    if (key != null && nodes - before > SHORT) {
      trie.cache().put(key, walk);
    }
    return walk;
  }

  /// Follows a terminal from a node on; adds tokens that end in it or with it.
  ///
  /// @return nodes at which it can be complete, and which are not the last ones of their tokens
  private int[] follow(Terminal terminal, long state, int node, BitSet tokens) {
    int count = 0;
    int depth = 0;
    states[0] = state;
    ends[0] = trie.end(node);
    int at = node + 1;
    while (at < ends[0]) {
      nodes++;
      while (at >= ends[depth]) {
        depth--;
      }
      int end = trie.end(at);
      long next = terminal.next(states[depth], trie.value(at));
      if (next == Terminal.NONE) {
        at = end;
        continue;
      }
      for (int i = trie.firstToken(at); i < trie.firstToken(at + 1); i++) {
        tokens.set(trie.token(i));
      }
      if (end == at + 1) {
        at = end;
        continue;
      }
      if (terminal.accepts(next)) {
        if (count == exits.length) {
          exits = Arrays.copyOf(exits, 2 * count);
        }
        exits[count++] = at;
      }
      if (terminal.continues(next)) {
        states[++depth] = next;
        ends[depth] = end;
        at++;
      } else {
        at = end;
      }
    }
    return Arrays.copyOf(exits, count);
  }
}
