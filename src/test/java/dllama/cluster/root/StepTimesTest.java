package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class StepTimesTest {
  private static final long MS = 1_000_000;

  private static StepTimes times(int rows, int steps, long millis) {
    StepTimes times = new StepTimes();
    for (int step = 0; step < steps; step++) {
      times.add(rows, millis * MS);
    }
    return times;
  }

  @Test
  void shouldCompareStepsOfAsManyRows() {
    StepTimes here = times(1, 20, 10);
    StepTimes there = times(4, 50, 80);
    assertEquals(Optional.empty(), here.compare(there));
    for (int step = 0; step < 16; step++) {
      there.add(1, step % 2 == 0 ? 15 * MS : 25 * MS);
    }
    assertEquals(Optional.of(new StepTimes.Compared(10, 20)), here.compare(there));
    for (int step = 0; step < 30; step++) {
      here.add(4, 50 * MS);
    }
    assertEquals(Optional.of(new StepTimes.Compared(50, 80)), here.compare(there));
  }

  @Test
  void shouldNotCountPromptsNorWhatWasBefore() {
    StepTimes times = times(1, 16, 100);
    StepTimes then = times.copy();
    times.add(9, 1000 * MS);
    assertEquals(0, times.since(then).count());
    for (int step = 0; step < 16; step++) {
      times.add(1, 10 * MS);
    }
    assertEquals(16, times.since(then).count());
    assertEquals(Optional.of(new StepTimes.Compared(10, 100)), times.since(then).compare(then));
  }
}
