package dllama.slice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.engine.Specs;
import dllama.error.UserException;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.Rope;
import dllama.slice.SliceLayout.Entry;
import dllama.tensor.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SliceLayoutTest {
  @ParameterizedTest
  @MethodSource("dllama.tensor.DType#all")
  void shouldPutEntriesOneAfterTheOtherAligned(DType dtype) {
    SliceLayout layout = new SliceLayout(new ShardPlan(Specs.small(dtype), DType.F32, 4), 2);
    long next = 0;
    for (Entry entry : layout.entries()) {
      assertEquals(next, entry.offset());
      assertEquals(0, entry.offset() % SliceLayout.ALIGNMENT);
      next += entry.bytes();
    }
    assertEquals(next, layout.totalBytes());
    int leaves = 4; // of 16
    assertEquals(2 * (7 + 2 * leaves) + 2, layout.entries().size());
  }

  @Test
  void shouldFindTheEntryOfAnyByte() {
    SliceLayout layout = new SliceLayout(new ShardPlan(Specs.small(DType.Q4_0), DType.F32, 4), 2);
    for (Entry entry : layout.entries()) {
      assertEquals(entry, layout.at(entry.offset()));
      assertEquals(entry, layout.at(entry.offset() + entry.bytes() - 1));
    }
  }

  @Test
  void shouldHoldAboutAnNthOfTheModel() {
    ModelSpec llama8b =
        new ModelSpec(
            Architecture.LLAMA,
            DType.Q4_0,
            4096,
            14336,
            0,
            0,
            32,
            32,
            8,
            128,
            128256,
            8192,
            1e-5f,
            Activation.SILU,
            Rope.unscaled(500000));
    long one = new SliceLayout(new ShardPlan(llama8b, DType.Q8_0, 1), 0).totalBytes();
    long four = new SliceLayout(new ShardPlan(llama8b, DType.Q8_0, 4), 3).totalBytes();
    assertTrue(one > 4_000_000_000L && one < 4_500_000_000L, "one=" + one);
    assertEquals(0.25, (double) four / one, 0.001);
  }

  @Test
  void shouldRefuseSlicesNoMachineCanHold() {
    ModelSpec absurd =
        new ModelSpec(
            Architecture.LLAMA,
            DType.F32,
            1 << 18,
            1 << 20,
            0,
            0,
            1 << 10,
            1,
            1,
            128,
            1 << 24,
            64,
            1e-5f,
            Activation.SILU,
            Rope.unscaled(10000));
    ShardPlan plan = new ShardPlan(absurd, DType.F32, 1);
    assertThrows(UserException.class, () -> new SliceLayout(plan, 0));
  }

  @Test
  void shouldRefuseSlicesOfTooManyParts() {
    ModelSpec absurd =
        new ModelSpec(
            Architecture.QWEN3_MOE,
            DType.F32,
            32,
            1024,
            1 << 10,
            1,
            64,
            1024,
            1024,
            2,
            1024,
            64,
            1e-5f,
            Activation.SILU,
            Rope.unscaled(10000));
    ShardPlan plan = new ShardPlan(absurd, DType.F32, 1);
    var e = assertThrows(UserException.class, () -> new SliceLayout(plan, 0));
    assertTrue(e.getMessage().contains("parts"), e.getMessage());
  }
}
