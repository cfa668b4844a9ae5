package dllama.cluster.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class InputRowsTest {
  private static final int COUNT = 5;
  private static final float[] NARROW = {0, -0f, 1.5f, -Float.MIN_NORMAL, 0x1.fep+127f};

  /// What layers are given.
  private static final byte[] LAYERS = {7, 8, 9};

  private static FrameBuffer written(float[] rows) {
    FrameBuffer buffer = new FrameBuffer((COUNT + 1) * Float.BYTES + LAYERS.length);
    MemorySegment more = MemorySegment.ofArray(LAYERS);
    InputRows.write(rows, COUNT, more, LAYERS.length, buffer);
    return buffer;
  }

  private static float[] read(FrameBuffer buffer) {
    float[] rows = new float[COUNT];
    InputRows.read(buffer, COUNT, LAYERS.length, 0, COUNT, rows);
    byte[] some = new byte[2];
    InputRows.readLayerRows(buffer, LAYERS.length, 1, 2, MemorySegment.ofArray(some));
    assertArrayEquals(new byte[] {8, 9}, some);
    return rows;
  }

  @Test
  void shouldSendHalfWhereNoBitIsLost() {
    FrameBuffer buffer = written(NARROW);
    assertEquals(COUNT * 2 + LAYERS.length, buffer.length());
    assertTrue(InputRows.holds(buffer, COUNT, LAYERS.length));
    assertArrayEquals(NARROW, read(buffer));
  }

  @Test
  void shouldSendAllOtherValuesWhole() {
    float[] rows = NARROW.clone();
    rows[COUNT - 1] = 0.1f;
    FrameBuffer buffer = written(rows);
    assertEquals(COUNT * 4 + LAYERS.length, buffer.length());
    assertTrue(InputRows.holds(buffer, COUNT, LAYERS.length));
    assertArrayEquals(rows, read(buffer));
  }

  @Test
  void shouldNotTakeOtherLengths() {
    FrameBuffer buffer = new FrameBuffer(COUNT * 4);
    for (int length : new int[] {0, COUNT, COUNT * 2 - 1, COUNT * 4 - 1}) {
      assertFalse(InputRows.holds(buffer.withLength(length), COUNT, 0), "length=" + length);
    }
  }
}
