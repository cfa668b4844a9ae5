package dllama.cluster.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class InputRowsTest {
  private static final int COUNT = 5;
  private static final float[] NARROW = {0, -0f, 1.5f, -Float.MIN_NORMAL, 0x1.fep+127f};

  private static FrameBuffer written(float[] rows) {
    FrameBuffer buffer = new FrameBuffer((COUNT + 1) * Float.BYTES);
    InputRows.write(rows, COUNT, buffer);
    return buffer;
  }

  private static float[] read(FrameBuffer buffer) {
    float[] rows = new float[COUNT];
    InputRows.read(buffer, COUNT, 0, COUNT, rows);
    return rows;
  }

  @Test
  void shouldSendHalfWhereNoBitIsLost() {
    FrameBuffer buffer = written(NARROW);
    assertEquals(COUNT * 2, buffer.length());
    assertTrue(InputRows.holds(buffer, COUNT));
    assertArrayEquals(NARROW, read(buffer));
  }

  @Test
  void shouldSendAllOtherValuesWhole() {
    float[] rows = NARROW.clone();
    rows[COUNT - 1] = 0.1f;
    FrameBuffer buffer = written(rows);
    assertEquals(COUNT * 4, buffer.length());
    assertTrue(InputRows.holds(buffer, COUNT));
    assertArrayEquals(rows, read(buffer));
  }

  @Test
  void shouldNotTakeOtherLengths() {
    FrameBuffer buffer = new FrameBuffer(COUNT * 4);
    for (int length : new int[] {0, COUNT, COUNT * 2 - 1, COUNT * 4 - 1}) {
      assertFalse(InputRows.holds(buffer.withLength(length), COUNT), "length=" + length);
    }
  }
}
