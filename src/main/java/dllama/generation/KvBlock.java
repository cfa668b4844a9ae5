package dllama.generation;

import dllama.step.ForwardPass;
import dllama.step.PageCopy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The tokens whose keys and values a page holds, in the tree of all texts that are cached: a block
/// follows the one that its text goes on from. Owned by [KvTable].
final class KvBlock {
  static final int PAGE = ForwardPass.PAGE;

  /// −1 for the root, which holds nothing.
  final int page;

  final @Nullable KvBlock parent;

  /// Blocks before this one in its text; −1 for the root.
  final int depth;

  final List<KvBlock> children = new ArrayList<>();

  /// States of its text that are kept, of models with such: after different numbers of tokens.
  final List<KvState> states = new ArrayList<>();

  /// Place of what it holds of layers that see the latest positions only; [PageCopy#NONE] where it
  /// has none, or none any more. Managed by [KvWindows], as the next two.
  int window = PageCopy.NONE;

  int windowHolders;
  long windowUsed;

  /// Leases that hold this block; whoever holds a block holds its parents.
  int holders;

  /// When it was let go of last, on the table's clock.
  long used;

  private final int[] tokens;

  /// Positions that are computed.
  private int size;

  /// Positions that are computed, or will be by the step that is being put together.
  private int claimed;

  KvBlock(int page, @Nullable KvBlock parent) {
    this.page = page;
    this.parent = parent;
    depth = parent == null ? -1 : parent.depth + 1;
    tokens = new int[page < 0 ? 0 : PAGE];
  }

  int size() {
    return size;
  }

  /// Whether nothing is or will be computed behind the first `positions`.
  boolean ends(int positions) {
    return claimed == positions;
  }

  /// How many of `text`, from `begin` to `end`, stand here from the first on, and are computed.
  int common(int[] text, int begin, int end) {
    return common(text, begin, end, size);
  }

  /// Whether `text` goes on from `from` with a token that is being computed here.
  boolean claims(int[] text, int begin, int from) {
    int length = from + 1 - begin;
    return length > size && length <= claimed && common(text, begin, from + 1, claimed) == length;
  }

  /// Whether the step that is being put together computes more than the first `positions` here, and
  /// all that stands here is of `text`, which ends at `end`.
  boolean grows(int[] text, int begin, int positions, int end) {
    int length = Math.min(claimed, end - begin);
    return claimed > size
        && length > positions
        && common(text, begin, begin + length, claimed) == length;
  }

  private int common(int[] text, int begin, int end, int limit) {
    int most = Math.min(end - begin, limit);
    int same = Arrays.mismatch(tokens, 0, most, text, begin, begin + most);
    return same < 0 ? most : same;
  }

  /// The first positions are computed, and nothing else is.
  void truncate(int positions) {
    size = positions;
    claimed = positions;
  }

  /// The first positions are those of another block, which are copied.
  void copy(KvBlock from, int positions) {
    System.arraycopy(from.tokens, 0, tokens, 0, positions);
    truncate(positions);
  }

  /// Tokens that the next step will compute here.
  void claim(int[] text, int begin, int count, int offset) {
    System.arraycopy(text, begin, tokens, offset, count);
    claimed = offset + count;
  }
}
