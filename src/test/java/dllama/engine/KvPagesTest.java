package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import dllama.tensor.KvHead;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class KvPagesTest {
  /// Four layers, every other one of which slides; the last two have no keys of their own.
  private static final ModelSpec BORROWING = Specs.small(DType.F32, Architecture.GEMMA4);

  @Test
  void shouldKeepSharedKeysOnce() {
    ShardPlan plan = new ShardPlan(BORROWING, DType.F32, 2);
    long sliding = 4 * KvHead.byteSize(DType.F16, 64);
    long seeing = 2 * KvHead.byteSize(DType.F16, 32);
    assertEquals(seeing, KvPages.pageBytes(plan, 1, DType.F16));
    assertEquals(sliding, KvPages.windowBytes(plan, 1, DType.F16));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ofPages = arena.allocate(3 * seeing, 64);
      MemorySegment windows = arena.allocate(2 * sliding, 64);
      KvPages pages = new KvPages(ofPages, windows, plan, 1, DType.F16);
      assertEquals(4, pages.heads(0));
      assertEquals(2, pages.heads(1));
      assertSame(pages.head(0, 3), pages.head(2, 3));
      assertSame(pages.head(1, 1), pages.head(3, 1));
      assertNotSame(pages.head(0, 0), pages.head(1, 0));
      assertEquals(64, pages.head(2, 0).headDim());
      assertEquals(32, pages.head(3, 0).headDim());
    }
  }
}
