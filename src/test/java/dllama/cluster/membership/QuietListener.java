package dllama.cluster.membership;

/// Shows nothing.
public class QuietListener implements RootListener {
  @Override
  public void waiting(String what) {}

  @Override
  public void forming(int nodes) {}

  @Override
  public void loading(int rank, String address, long bytes, long total) {}

  @Override
  public void ready(int nodes, int cached, long loadMillis) {}

  @Override
  public void joined(String address) {}

  @Override
  public void left(String address, String why) {}

  @Override
  public void refused(String address, String why) {}

  @Override
  public void ended(String why) {}

  @Override
  public void lost(String why) {}
}
