package dllama.slice;

import dllama.error.UserException;
import dllama.model.ModelSpec;
import dllama.model.Range;
import dllama.model.TensorRole;
import dllama.model.TensorRole.Axis;
import dllama.tensor.DType;
import dllama.tensor.PackedMatrix;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// Where every tensor of one rank's slice lies inside one contiguous piece of memory.
///
/// Derived from plan and rank alone: root and worker come to the same layout without telling each
/// other more, so a slice travels as plain bytes. Matrices are [PackedMatrix], vectors plain
/// F32; entries follow each other without gaps, each a multiple of [#ALIGNMENT] bytes long.
public final class SliceLayout {
  /// Of the bytes of a slice: to be raised whenever tensors are packed in another way, because
  /// slices outlive programs ([SliceCache]). A changed layout needs no new version.
  static final int VERSION = 4;

  /// Bytes; a cache line and the widest vector.
  public static final int ALIGNMENT = 64;

  /// More than any home computer holds: a spec that asks for more is damaged or hostile.
  private static final long MAX_BYTES = 1L << 42;

  /// Ten times what layers, experts and leaves of the largest known models come to.
  private static final int MAX_ENTRIES = 1 << 20;

  /// One tensor of the slice, or one leaf of it ([ShardPlan]).
  ///
  /// @param rows of the whole tensor that the slice holds
  /// @param cols of the whole tensor that the slice holds
  /// @param offset in bytes from the start of the slice
  /// @param bytes including the padding up to the next entry
  public record Entry(
      TensorRole.Name name, DType dtype, Range rows, Range cols, long offset, long bytes) {
    boolean isVector() {
      return name.role().isVector();
    }

    /// Pieces in which the entry is cut out of the whole tensor: row groups; a vector is one piece.
    int pieces() {
      return isVector() ? 1 : PackedMatrix.groups(rows.size());
    }

    long pieceBytes() {
      return bytes / pieces();
    }
  }

  private final ShardPlan plan;
  private final int rank;
  private final List<Entry> entries;
  private long totalBytes;

  /// @throws UserException if the slice would be absurdly large
  public SliceLayout(ShardPlan plan, int rank) {
    this.plan = plan;
    this.rank = rank;
    ModelSpec spec = plan.spec();
    List<Entry> all = new ArrayList<>();
    Map<Axis, List<List<Range>>> leaves = new EnumMap<>(Axis.class);
    Map<Axis, List<Range>> parts = new EnumMap<>(Axis.class);
    for (int layer = 0; layer < spec.layers(); layer++) {
      leaves.clear();
      parts.clear();
      for (TensorRole.Name name : TensorRole.ofLayer(spec, layer)) {
        append(name, leaves, parts, all);
      }
    }
    leaves.clear();
    parts.clear();
    for (TensorRole.Name name : TensorRole.outsideLayers(spec)) {
      if (!name.role().isEmbedding()) {
        append(name, leaves, parts, all);
      }
    }
    entries = List.copyOf(all);
    if (totalBytes > MAX_BYTES) {
      throw new UserException(
          "the model's slice for one of %d nodes has %d GiB: its header is damaged, or it needs more nodes"
              .formatted(plan.worldSize(), totalBytes >> 30));
    }
  }

  /// @param leaves of the layer's matrices, by what their columns are, as far as they were asked
  ///     for
  /// @param parts of axes that are not cut in leaves, as far as they were asked for
  private void append(
      TensorRole.Name name,
      Map<Axis, List<List<Range>>> leaves,
      Map<Axis, List<Range>> parts,
      List<Entry> to) {
    TensorRole role = name.role();
    DType dtype = plan.spec().type(name);
    // A bias is as long as a row of wo, but nothing is summed over it.
    List<List<Range>> columns =
        role.isVector()
            ? List.of(
                parts.computeIfAbsent(role.cols(), axis -> plan.parts(axis, rank, name.layer())))
            : leaves.computeIfAbsent(
                role.cols(), axis -> plan.leafColumns(axis, rank, name.layer()));
    List<Range> rows =
        parts.computeIfAbsent(role.rows(), axis -> plan.parts(axis, rank, name.layer()));
    for (List<Range> leaf : columns) {
      for (Range cols : leaf) {
        rows.forEach(ofRows -> append(name, dtype, ofRows, cols, to));
      }
    }
  }

  private void append(TensorRole.Name name, DType dtype, Range rows, Range cols, List<Entry> to) {
    if (to.size() == MAX_ENTRIES) {
      throw new UserException(
          "the model's slice for one of %d nodes has more than %d parts: its header is damaged"
              .formatted(plan.worldSize(), MAX_ENTRIES));
    }
    long bytes =
        name.role().isVector()
            ? dtype.byteSize(cols.size())
            : PackedMatrix.byteSize(dtype, rows.size(), cols.size());
    long padded = Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    to.add(new Entry(name, dtype, rows, cols, totalBytes, padded));
    totalBytes = Math.addExact(totalBytes, padded);
  }

  public ShardPlan plan() {
    return plan;
  }

  public int rank() {
    return rank;
  }

  /// All entries in the order of their offsets.
  public List<Entry> entries() {
    return entries;
  }

  /// Size of the slice.
  public long totalBytes() {
    return totalBytes;
  }

  /// Names the bytes of this slice of a model: equal texts, equal bytes.
  ///
  /// @param fingerprint of the model's content
  /// @return 64 hexadecimal digits
  public String key(String fingerprint) {
    MessageDigest digest = Digest.sha256();
    String who =
        "%d %d/%d %s %s".formatted(VERSION, rank, plan.worldSize(), fingerprint, plan.spec());
    digest.update(who.getBytes(StandardCharsets.UTF_8));
    ByteBuffer place = ByteBuffer.allocate(6 * Integer.BYTES + 2 * Long.BYTES);
    for (Entry entry : entries) {
      String what = entry.name().role().name() + " " + entry.dtype().name();
      digest.update(what.getBytes(StandardCharsets.UTF_8));
      place.clear();
      place.putInt(entry.name().layer()).putInt(entry.name().expert());
      place.putInt(entry.rows().from()).putInt(entry.rows().to());
      place.putInt(entry.cols().from()).putInt(entry.cols().to());
      place.putLong(entry.offset()).putLong(entry.bytes());
      digest.update(place.flip());
    }
    return Digest.hex(digest);
  }

  /// The entry that holds byte `offset` of the slice.
  Entry at(long offset) {
    int low = 0;
    int high = entries.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (entries.get(middle).offset() <= offset) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return entries.get(low);
  }
}
