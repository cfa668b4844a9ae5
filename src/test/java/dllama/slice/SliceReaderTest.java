package dllama.slice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dllama.engine.Specs;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.ModelWeights;
import dllama.model.TensorRole;
import dllama.slice.SliceLayout.Entry;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import dllama.tensor.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class SliceReaderTest {
  private static MemorySegment filled(SliceLayout layout, ModelSource source, int threads) {
    MemorySegment slice = Arena.ofAuto().allocate(layout.totalBytes(), SliceLayout.ALIGNMENT);
    slice.fill((byte) 0x55);
    try (var pool = new WorkerPool(threads, 0)) {
      new SliceReader(layout, source).fill(slice, pool, _ -> {});
    }
    return slice;
  }

  private static ModelSource random(ModelSpec spec) {
    return new ModelSource.Random(spec, 7);
  }

  /// The random model as matrices in the order of a file.
  private static ModelSource whole(ModelSpec spec) {
    RandomWeights random = new RandomWeights(spec, 7);
    Map<TensorRole.Name, Matrix> tensors = new HashMap<>();
    for (Entry entry : new SliceLayout(new ShardPlan(spec, DType.Q8_0, 1), 0).entries()) {
      tensors.put(entry.name(), random.part(entry.name(), entry.rows(), entry.cols()));
    }
    return new ModelSource.Weights(spec, new ModelWeights(tensors));
  }

  @ParameterizedTest
  @MethodSource("dllama.tensor.DType#all")
  void shouldCutTheSameFromWholeMatricesAsFromGeneratedParts(DType dtype) {
    for (Architecture architecture :
        List.of(Architecture.LLAMA, Architecture.QWEN3_MOE, Architecture.GROK1)) {
      ModelSpec spec = Specs.small(dtype, architecture);
      for (int nodes : new int[] {4, 16}) {
        ShardPlan plan = new ShardPlan(spec, DType.F32, nodes);
        for (int rank : new int[] {0, 1, 3}) {
          SliceLayout layout = new SliceLayout(plan, rank);
          MemorySegment expected = filled(layout, whole(spec), 1);
          assertEquals(-1, expected.mismatch(filled(layout, random(spec), 2)), "rank " + rank);
        }
      }
    }
  }

  /// Each of those who read it, so that nobody has to tell keys and values to others.
  @Test
  void shouldGiveASharedKvHeadToEveryRankThatReadsIt() {
    ModelSpec spec = Specs.small(DType.Q4_0, Architecture.QWEN2);
    ShardPlan plan = new ShardPlan(spec, DType.F32, 8);
    for (TensorRole role : List.of(TensorRole.WK, TensorRole.WV, TensorRole.KEY_BIAS)) {
      assertEquals(-1, tensor(plan, 4, role).mismatch(tensor(plan, 5, role)), role + " of a pair");
      assertNotEquals(-1, tensor(plan, 4, role).mismatch(tensor(plan, 6, role)), role + " of two");
    }
    assertNotEquals(-1, tensor(plan, 4, TensorRole.WQ).mismatch(tensor(plan, 5, TensorRole.WQ)));
  }

  private static MemorySegment tensor(ShardPlan plan, int rank, TensorRole role) {
    SliceLayout layout = new SliceLayout(plan, rank);
    MemorySegment slice = filled(layout, random(plan.spec()), 1);
    return layout.entries().stream()
        .filter(entry -> entry.name().equals(new TensorRole.Name(role, 1)))
        .findFirst()
        .map(entry -> slice.asSlice(entry.offset(), entry.bytes()))
        .orElseThrow();
  }

  /// Slices of earlier versions are kept on disks. If this fails because matrices are packed in
  /// another way now, raise [SliceLayout#VERSION] and record the digests anew.
  @ParameterizedTest
  @CsvSource({
    "F32,55c4f60b031b0008",
    "F16,7345b128e02a3556",
    "Q4_0,e49142f324b9a03d",
    "Q8_0,2efae846f56e04b9",
    "MXFP4,3b8df2233469b680",
    "Q5_0,192801e2d5e5f5fb"
  })
  void shouldPackAsItsVersionSays(DType dtype, String recorded) {
    assertEquals(4, SliceLayout.VERSION);
    SliceLayout layout = new SliceLayout(new ShardPlan(Specs.small(dtype), DType.F32, 2), 1);
    MessageDigest digest = Digest.sha256();
    digest.update(filled(layout, random(Specs.small(dtype)), 1).asByteBuffer());
    assertEquals(recorded, Digest.hex(digest).substring(0, 16));
  }

  @Test
  void shouldReadAnyPiecesAsTheWhole() {
    ModelSpec spec = Specs.of(DType.Q4_0, 96, 192, 6, 2, 16, 301);
    SliceLayout layout = new SliceLayout(new ShardPlan(spec, DType.F32, 1), 0);
    MemorySegment whole = filled(layout, random(spec), 1);
    long seed = System.nanoTime();
    Random dice = new Random(seed);
    SliceReader reader = new SliceReader(layout, random(spec));
    for (int i = 0; i < 300; i++) {
      long offset = dice.nextLong(layout.totalBytes());
      long length = Math.min(dice.nextLong(1, 20_000), layout.totalBytes() - offset);
      MemorySegment piece = MemorySegment.ofArray(new byte[(int) length]);
      reader.read(offset, piece);
      assertEquals(
          -1,
          piece.mismatch(whole.asSlice(offset, length)),
          "seed=%d offset=%d length=%d".formatted(seed, offset, length));
    }
  }

  @ParameterizedTest
  @MethodSource("dllama.tensor.DType#all")
  void shouldStreamInChunks(DType dtype) {
    ModelSpec spec = Specs.small(dtype);
    SliceLayout layout = new SliceLayout(new ShardPlan(spec, DType.F32, 2), 1);
    MemorySegment whole = filled(layout, random(spec), 1);
    MemorySegment streamed = MemorySegment.ofArray(new byte[(int) layout.totalBytes()]);
    SliceReader reader = new SliceReader(layout, random(spec));
    for (long at = 0; at < layout.totalBytes(); at += 1000) {
      reader.read(at, streamed.asSlice(at, Math.min(1000, layout.totalBytes() - at)));
    }
    assertEquals(-1, whole.mismatch(streamed));
  }

  @Test
  void shouldRefuseToReadBehindTheEnd() {
    SliceLayout layout = new SliceLayout(new ShardPlan(Specs.small(DType.F32), DType.F32, 2), 1);
    SliceReader reader = new SliceReader(layout, random(Specs.small(DType.F32)));
    MemorySegment two = MemorySegment.ofArray(new byte[2]);
    assertThrows(IndexOutOfBoundsException.class, () -> reader.read(layout.totalBytes() - 1, two));
    assertThrows(IndexOutOfBoundsException.class, () -> reader.read(-1, two));
  }

  @Test
  void shouldTellProgressUpToTheEnd() {
    ModelSpec spec = Specs.small(DType.Q8_0);
    SliceLayout layout = new SliceLayout(new ShardPlan(spec, DType.F32, 2), 0);
    List<Long> progress = new ArrayList<>();
    try (var arena = Arena.ofConfined();
        var pool = new WorkerPool(1)) {
      MemorySegment slice = arena.allocate(layout.totalBytes(), SliceLayout.ALIGNMENT);
      new SliceReader(layout, random(spec)).fill(slice, pool, progress::add);
    }
    assertEquals(progress.stream().sorted().toList(), progress);
    assertEquals(layout.totalBytes(), progress.getLast());
  }
}
