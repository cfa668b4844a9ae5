package dllama.engine;

import dllama.step.ForwardPass;
import dllama.step.RunState;
import dllama.tensor.KvHead;

/// What the rows of a step stand for: successive positions of one sequence after another. A
/// sequence's keys and values are in the pages that it names; which logits are computed, it says,
/// too. Filled before a step begins; one thread at a time; allocates nothing after construction.
public final class StepRows {
  /// The most rows of a step of which logits are computed.
  public static final int MAX_WANTED = ForwardPass.MAX_WANTED;

  private final int[] position;
  private final int[][] pages;
  private final int[][] windows;
  private final int[] wanted;

  /// Of each run its first row, and behind the last one how many rows there are.
  private final int[] first;

  private final RunState[] state;
  private int runs;
  private int count;
  private int wantedCount;

  StepRows(int maxRows, int maxWanted) {
    position = new int[maxRows];
    pages = new int[maxRows][];
    windows = new int[maxRows][];
    wanted = new int[maxWanted];
    first = new int[maxRows + 1];
    state = new RunState[maxRows];
  }

  public void clear() {
    count = 0;
    runs = 0;
    wantedCount = 0;
  }

  /// Adds rows of successive positions of one sequence.
  ///
  /// @param of pages of the sequence, in order, for all positions up to these; not copied
  /// @param ofWindows windows of the last of these pages; not copied
  /// @param from position of the first row
  /// @param rows how many, at least one
  /// @param wantedRows of how many of the last of them logits are computed
  /// @param states of the sequence before and after them
  /// @throws IllegalArgumentException if that does not fit
  public void add(int[] of, int[] ofWindows, int from, int rows, int wantedRows, RunState states) {
    if (rows < 1
        || rows > position.length - count
        || from < 0
        || from > of.length * KvHead.PAGE - rows
        || ofWindows.length > of.length
        || wantedRows < 0
        || wantedRows > rows
        || wantedRows > wanted.length - wantedCount) {
      throw new IllegalArgumentException(
          "rows=%d of %d from=%d pages=%d wanted=%d of %d"
              .formatted(
                  rows, position.length - count, from, of.length, wantedRows, wanted.length));
    }
    for (int row = 0; row < rows; row++) {
      position[count] = from + row;
      windows[count] = ofWindows;
      pages[count++] = of;
    }
    for (int row = count - wantedRows; row < count; row++) {
      wanted[wantedCount++] = row;
    }
    state[runs++] = states;
    first[runs] = count;
  }

  /// Rows of a sequence that has as many windows as pages, and the first place for states to
  /// itself.
  public void add(int[] of, int from, int rows, int wantedRows) {
    add(of, of, from, rows, wantedRows, RunState.alone(from));
  }

  /// Runs of the step.
  int runs() {
    return runs;
  }

  /// The first row of a run; that of the one behind the last is [#count].
  int first(int run) {
    return first[run];
  }

  /// States of a run's sequence before and after its rows.
  RunState state(int run) {
    return state[run];
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

  int[] windows(int row) {
    return windows[row];
  }

  /// Positions before those that a row's windows hold; whole pages.
  int beforeWindows(int row) {
    return (pages[row].length - windows[row].length) * KvHead.PAGE;
  }

  /// Window of a row's own position.
  int window(int row) {
    return windows[row][(position[row] - beforeWindows(row)) / KvHead.PAGE];
  }
}
