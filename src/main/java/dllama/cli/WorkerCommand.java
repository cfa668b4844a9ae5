package dllama.cli;

import dllama.cluster.WorkerNode;
import dllama.cluster.rank.WorkerListener;
import dllama.cluster.wire.SliceOrigin;
import dllama.key.NodeKeys;
import dllama.settings.Settings;
import dllama.slice.SliceCache;
import java.util.List;

/// Runs a worker until the process ends, and says what it does. Cluster threads call the listener.
final class WorkerCommand implements WorkerListener {
  private final StatusLines lines = StatusLines.standard();
  private Transfer transfer = new Transfer("");

  static void run(Settings settings) {
    WorkerCommand command = new WorkerCommand();
    NodeKeys keys = Keys.ofWorker(settings.cluster(), command.lines::say);
    SliceCache cache = CacheFolder.open(settings.cluster().weights().cache(), command.lines::say);
    try (WorkerNode node =
        new WorkerNode(settings.cluster(), settings.akka(), keys, cache, command)) {
      Runtime.getRuntime().addShutdownHook(new Thread(node::close, "goodbye"));
      node.run();
    }
  }

  @Override
  public void searching(String address, String seeds) {
    lines.say("worker at %s, looking for a root at %s".formatted(address, seeds));
  }

  @Override
  public void joined(String address) {
    lines.say("joined the root at " + address);
  }

  @Override
  public synchronized void loading(int rank, int nodes, long bytes, long total) {
    if (bytes == 0) {
      transfer = new Transfer("");
    }
    transfer.progress(bytes, total);
    if (lines.due()) {
      lines.show(List.of(transfer.line("rank %d of %d".formatted(rank, nodes))));
    }
  }

  @Override
  public void ready(int rank, int nodes, SliceOrigin origin) {
    String weights =
        switch (origin) {
          case MEMORY -> ", weights still here";
          case CACHE -> ", weights from the cache";
          case MODEL -> "";
        };
    lines.say("computing as rank %d of %d%s".formatted(rank, nodes, weights));
  }

  @Override
  public void keeps(int rank, int nodes) {
    lines.say(
        "keeps the weights of rank %d of %d, in case it has to be that".formatted(rank, nodes));
  }

  @Override
  public void idle(String why) {
    lines.say("%s; waiting for the root".formatted(why));
  }

  @Override
  public void stranger(String what) {
    lines.say(what);
  }

  @Override
  public void lost(String why) {
    lines.say("%s; looking for a root again".formatted(why));
  }
}
