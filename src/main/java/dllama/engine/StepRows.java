package dllama.engine;

import dllama.step.ForwardPass;
import dllama.tensor.KvHead;

/// What the rows of a step stand for: successive positions of one sequence after another. A
/// sequence's keys and values are in the pages that it names; which logits are computed, it says,
/// too. Filled before a step begins; one thread at a time; allocates nothing after construction.
public final class StepRows {
  /// The most rows of a step of which logits are computed.
  public static final int MAX_WANTED = ForwardPass.MAX_WANTED;

  private final int[] position;
  private final int[][] pages;
  private final int[] wanted;
  private int count;
  private int wantedCount;

  StepRows(int maxRows, int maxWanted) {
    position = new int[maxRows];
    pages = new int[maxRows][];
    wanted = new int[maxWanted];
  }

  public void clear() {
    count = 0;
    wantedCount = 0;
  }

  /// Adds rows of successive positions of one sequence.
  ///
  /// @param of pages of the sequence, in order, for all positions up to these; not copied
  /// @param first position of the first row
  /// @param rows how many, at least one
  /// @param wantedRows of how many of the last of them logits are computed
  /// @throws IllegalArgumentException if that does not fit
  public void add(int[] of, int first, int rows, int wantedRows) {
    if (rows < 1
        || rows > position.length - count
        || first < 0
        || first > of.length * KvHead.PAGE - rows
        || wantedRows < 0
        || wantedRows > rows
        || wantedRows > wanted.length - wantedCount) {
      throw new IllegalArgumentException(
          "rows=%d of %d first=%d pages=%d wanted=%d of %d"
              .formatted(
                  rows, position.length - count, first, of.length, wantedRows, wanted.length));
    }
    for (int row = 0; row < rows; row++) {
      position[count] = first + row;
      pages[count++] = of;
    }
    for (int row = count - wantedRows; row < count; row++) {
      wanted[wantedCount++] = row;
    }
  }

  public int count() {
    return count;
  }

  /// Of how many rows logits are computed.
  int wantedCount() {
    return wantedCount;
  }

  /// The row that gives logits `index`.
  int wanted(int index) {
    return wanted[index];
  }

  int position(int row) {
    return position[row];
  }

  int[] pages(int row) {
    return pages[row];
  }

  /// Whether no other row of the same run follows.
  boolean endsRun(int row) {
    return row == count - 1 || pages[row + 1] != pages[row];
  }

  /// Page of a row's own position.
  int page(int row) {
    return pages[row][position[row] / KvHead.PAGE];
  }
}
