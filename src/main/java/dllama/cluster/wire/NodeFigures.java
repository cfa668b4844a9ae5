package dllama.cluster.wire;

/// What a node tells of the machine that it is on. What it does not know is [#UNKNOWN].
///
/// @param memoryTotal bytes that the machine, or its container, has
/// @param memoryAvailable bytes that programs can still get
/// @param cores as the system counts them
/// @param load how many threads want to run, on average over a minute
public record NodeFigures(long memoryTotal, long memoryAvailable, int cores, double load) {
  /// In place of a figure.
  public static final int UNKNOWN = -1;

  /// Of a node that has told nothing yet.
  public static final NodeFigures NONE = new NodeFigures(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN);

  private static final long MOST_MEMORY = 1L << 50;
  private static final int MOST_CORES = 1 << 16;
  private static final double MOST_LOAD = 1e6;

  public NodeFigures {
    Checks.range("memoryTotal", memoryTotal, UNKNOWN, MOST_MEMORY);
    Checks.range("memoryAvailable", memoryAvailable, UNKNOWN, Math.max(memoryTotal, UNKNOWN));
    Checks.range("cores", cores, UNKNOWN, MOST_CORES);
    if (!(load >= UNKNOWN && load <= MOST_LOAD)) { // nor is NaN
      throw new IllegalArgumentException("load=" + load);
    }
  }
}
