package dllama.generation;

import dllama.step.ForwardPass;
import java.util.ArrayList;
import java.util.List;

/// What a sequence holds of a [KvTable]: the pages of its tokens so far. Not thread-safe.
///
/// A step is put together by [#reserve], and told what became of it by [#commit].
final class KvLease {
  private static final int PAGE = ForwardPass.PAGE;

  private final KvTable table;

  /// What the first page follows.
  private final KvBlock root;

  /// Each follows the one before.
  private final List<KvBlock> path = new ArrayList<>();

  private int cached;

  /// Positions behind these that the step under way computes.
  private int reserved;

  KvLease(KvTable table) {
    this(table, table.root());
  }

  private KvLease(KvTable table, KvBlock root) {
    this.table = table;
    this.root = root;
  }

  /// One that finds nothing that others have computed, and whose pages nobody finds: they are free
  /// once it lets go of them.
  static KvLease apart(KvTable table) {
    return new KvLease(table, new KvBlock(-1, null));
  }

  /// Positions whose keys and values are there.
  int cached() {
    return cached;
  }

  /// Pages of all positions up to what is reserved.
  int[] pages() {
    return path.stream().mapToInt(block -> block.page).toArray();
  }

  /// Looks for more of a text that others have computed.
  ///
  /// @param limit the most positions to find
  void extend(int[] text, int limit) {
    while (cached < limit) {
      int index = cached / PAGE;
      int begin = index * PAGE;
      int end = Math.min(limit, begin + PAGE);
      KvBlock closest = KvTable.closest(parent(index), text, begin, end);
      int common = closest == null ? 0 : closest.common(text, begin, end);
      if (closest == null || common <= cached - begin) {
        return;
      }
      table.hold(closest);
      letGo(index);
      path.add(closest);
      cached = begin + common;
    }
  }

  /// Whether another sequence's next step computes what this one needs next.
  boolean awaits(int[] text) {
    int index = cached / PAGE;
    return parent(index).children.stream()
        .anyMatch(child -> child.claims(text, index * PAGE, cached));
  }

  /// Makes room for the next tokens of a text.
  ///
  /// @return for how many of them there is some; 0 where every page is held
  int reserve(int[] text, int count) {
    int index = cached / PAGE;
    int offset = cached % PAGE;
    if (index < path.size() && !writable(index, offset)) {
      return 0;
    }
    while (path.size() * PAGE < cached + count) {
      KvBlock block = table.allocate(parent(path.size()));
      if (block == null) {
        break;
      }
      table.hold(block);
      path.add(block);
    }
    reserved = Math.min(count, path.size() * PAGE - cached);
    for (int from = cached; from < cached + reserved; ) {
      int at = from % PAGE;
      int length = Math.min(PAGE - at, cached + reserved - from);
      path.get(from / PAGE).claim(text, from, length, at);
      from += length;
    }
    return reserved;
  }

  /// Makes the block that goes on at `offset` one that nobody else goes on in.
  private boolean writable(int index, int offset) {
    KvBlock block = path.get(index);
    if (block.ends(offset)) {
      return true;
    }
    KvBlock copy = table.copy(block, offset);
    if (copy != null) {
      table.hold(copy);
      letGo(index);
      path.add(copy);
      return true;
    }
    if (block.holders > 1) {
      return false;
    }
    letGo(index + 1);
    table.cut(block, offset); // what follows is nobody's
    return true;
  }

  /// The step has computed what was reserved, and `count` positions of it are to stay.
  void commit(int count) {
    int first = cached / PAGE;
    cached += count;
    for (int index = first; reserved > 0 && index < path.size(); index++) {
      path.get(index).truncate(Math.clamp(cached - (long) index * PAGE, 0, PAGE));
    }
    reserved = 0;
  }

  /// Lets go of everything; what is computed may be found again, but for that of a lease apart.
  void release() {
    commit(0);
    if (root != table.root()) {
      path.forEach(block -> block.truncate(0));
    }
    letGo(0);
    cached = 0;
  }

  /// Children first.
  private void letGo(int from) {
    while (path.size() > from) {
      table.letGo(path.removeLast());
    }
  }

  private KvBlock parent(int index) {
    return index == 0 ? root : path.get(index - 1);
  }
}
