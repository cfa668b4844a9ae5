package dllama.cluster.loop;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What an all-gather costs between JVMs on this machine, with simulated compute between the steps:
/// a Markdown table row per way of exchange and size. No JMH: what is measured spans processes.
///
/// On a machine that does other things, too, p10 tells most. Where the scheduler puts two JVMs on
/// one core, start the ranks by hand, each under `taskset`.
///
/// Arguments: number of JVMs; or, for one rank: rank, mode (default, park or loop) and spin in
/// microseconds as in `loop:50`, bytes, the ports of all ranks. Needs the test classes and the
/// options of `jvm.options`.
public final class ExchangeBench {
  private static final int COMPUTE_NANOS = 300_000;
  private static final int WARM_UP_STEPS = 10_000;
  private static final int STEPS = 3000;

  private ExchangeBench() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    if (args.length > 1) {
      rank(args);
      return;
    }
    int nodes = Integer.parseInt(args[0]);
    System.out.println("| JVMs | exchange | bytes | p10 µs | p50 µs | p90 µs | step mean µs |");
    System.out.println("|---|---|---|---|---|---|---|");
    for (int bytes : new int[] {4096, 16384}) {
      for (String mode : List.of("default:0", "park:0", "loop:0", "loop:50")) {
        run(nodes, mode, bytes);
      }
    }
  }

  private static void run(int nodes, String mode, int bytes)
      throws IOException, InterruptedException {
    String ports = freePorts(nodes);
    List<Process> processes = new ArrayList<>();
    for (int rank = 0; rank < nodes; rank++) {
      List<String> command = new ArrayList<>();
      command.add(ProcessHandle.current().info().command().orElse("java"));
      command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
      command.addAll(List.of("-cp", System.getProperty("java.class.path")));
      command.addAll(List.of(ExchangeBench.class.getName(), "" + rank, mode, "" + bytes, ports));
      processes.add(new ProcessBuilder(command).inheritIO().start());
    }
    for (Process process : processes) {
      process.waitFor();
    }
  }

  private static String freePorts(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sockets.add(new ServerSocket(0));
    }
    var ports = new ArrayList<String>();
    for (ServerSocket socket : sockets) {
      ports.add("" + socket.getLocalPort());
      socket.close();
    }
    return String.join(",", ports);
  }

  private static void rank(String[] args) throws InterruptedException {
    int rank = Integer.parseInt(args[0]);
    String[] mode = args[1].split(":");
    int bytes = Integer.parseInt(args[2]);
    List<Integer> ports = Stream.of(args[3].split(",")).map(Integer::valueOf).toList();
    Duration spin = Duration.ofNanos(1000L * Integer.parseInt(mode[1]));
    GatherNode node =
        mode[0].equals("default")
            ? GatherNode.onDefaultDispatchers(rank, ports.size(), ports.get(rank))
            : new GatherNode(
                rank,
                ports.size(),
                ExchangeDispatcher.choose(mode[0].equals("loop"), spin),
                ports.get(rank));
    node.connect(ports);
    node.meet();
    node.computeWait.attach();
    steps(node, 1, WARM_UP_STEPS, bytes);
    long start = System.nanoTime();
    long[] waits = steps(node, WARM_UP_STEPS + 1, STEPS, bytes);
    long stepMean = (System.nanoTime() - start) / STEPS;
    node.computeWait.detach();
    Arrays.sort(waits);
    if (rank == 0) {
      System.out.println(
          Stream.of(
                  ports.size(),
                  mode[0].equals("loop") ? "loop, spin " + spin.toNanos() / 1000 + " µs" : mode[0],
                  bytes,
                  waits[STEPS / 10] / 1000,
                  waits[STEPS / 2] / 1000,
                  waits[STEPS * 9 / 10] / 1000,
                  stepMean / 1000)
              .map(Object::toString)
              .collect(Collectors.joining(" | ", "| ", " |")));
    }
    Thread.sleep(500); // the last frames of the slower peers
    node.close();
  }

  private static long[] steps(GatherNode node, int first, int count, int bytes) {
    long[] waits = new long[count];
    byte[] data = new byte[bytes];
    for (int i = 0; i < count; i++) {
      long computed = System.nanoTime() + COMPUTE_NANOS;
      while (System.nanoTime() - computed < 0) {
        Thread.onSpinWait();
      }
      long start = System.nanoTime();
      if (!node.gather(first + i, data, Duration.ofSeconds(20))) {
        throw new IllegalStateException("no frames in step " + (first + i));
      }
      waits[i] = System.nanoTime() - start;
    }
    return waits;
  }
}
