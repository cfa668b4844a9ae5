package dllama.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dllama.error.UserException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightMemoryTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 64, 1000, (2 << 20) - 1, 2 << 20, (7 << 20) + 13})
  void shouldBeZeroAlignedAndWritable(long bytes) {
    MemorySegment memory;
    try (var arena = Arena.ofShared()) {
      memory = WeightMemory.allocate(bytes, arena);
      assertEquals(bytes, memory.byteSize());
      assertEquals(0, memory.address() % (bytes < 2 << 20 ? 64 : 2 << 20));
      assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, bytes - 1));
      memory.fill((byte) 7);
      assertEquals(7, memory.get(ValueLayout.JAVA_BYTE, bytes - 1));
    }
    assertThrows(IllegalStateException.class, () -> memory.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void shouldSayThatTheMachineIsTooSmall() {
    try (var arena = Arena.ofConfined()) {
      var e = assertThrows(UserException.class, () -> WeightMemory.allocate(1L << 50, arena));
      assertEquals(
          "no memory for 1073741824 MiB of weights; use more nodes or a smaller model",
          e.getMessage());
    }
  }
}
