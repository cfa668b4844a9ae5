import java.io.IOException;
import java.util.List;

/// What nodes stand on: a network namespace each, or all on loopback where that is not allowed.
/// Node 0 is the root.
interface Ground extends AutoCloseable {
  /// Which directions of a node's cable are meant, seen from the node.
  enum Direction {
    BOTH,
    IN,
    OUT
  }

  /// What a command has in front that is to run on a node.
  List<String> prefix(int node);

  /// The address of a node on the network of nodes.
  String host(int node);

  /// Where clients reach the root, whatever happens to the network of nodes.
  String clientHost();

  /// Whether cables can be cut here.
  boolean hasCables();

  /// From now on nothing goes this way, and nobody is told.
  void cut(int node, Direction way);

  /// From now on so much goes through the node's cable.
  void limit(int node, int kbit);

  /// The cable is as it was.
  void heal(int node);

  @Override
  void close();

  /// Namespaces if they are allowed, or loopback.
  static Ground best(int nodes) {
    String id = "dlc" + ProcessHandle.current().pid() % 100_000;
    return run("ip", "netns", "add", id + "s") ? new Namespaces(id, nodes) : new Loopback();
  }

  static boolean run(String... command) {
    try {
      var process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// All nodes on this machine's loopback, told apart by their ports.
  record Loopback() implements Ground {
    @Override
    public List<String> prefix(int node) {
      return List.of();
    }

    @Override
    public String host(int node) {
      return "127.0.0.1";
    }

    @Override
    public String clientHost() {
      return "127.0.0.1";
    }

    @Override
    public boolean hasCables() {
      return false;
    }

    @Override
    public void cut(int node, Direction way) {
      throw new IllegalStateException("there are no cables");
    }

    @Override
    public void limit(int node, int kbit) {
      throw new IllegalStateException("there are no cables");
    }

    @Override
    public void heal(int node) {}

    @Override
    public void close() {}
  }

  /// A namespace for each node and one for the switch between them; clients have a cable of their
  /// own to the root. What is cut is thrown away where it leaves a cable's end (`blackhole`), so
  /// neither side notices.
  record Namespaces(String id, int nodes) implements Ground {
    public Namespaces {
      String hub = id + "s";
      must("ip -n " + hub + " link add lan type bridge");
      must("ip -n " + hub + " link set lan up");
      for (int node = 0; node < nodes; node++) {
        String name = id + node;
        must("ip netns add " + name);
        must("ip -n " + name + " link set lo up");
        must("ip link add lan netns " + name + " type veth peer name p" + node + " netns " + hub);
        must("ip -n " + hub + " link set p" + node + " master lan up");
        must("ip -n " + name + " address add 10.234.1." + (node + 1) + "/24 dev lan");
        must("ip -n " + name + " link set lan up");
      }
      must("ip link add api netns " + id + "0 type veth peer name " + id + "c");
      must("ip -n " + id + "0 address add 10.234.2.1/24 dev api");
      must("ip -n " + id + "0 link set api up");
      must("ip address add 10.234.2.2/24 dev " + id + "c");
      must("ip link set " + id + "c up");
    }

    private static void must(String command) {
      if (!run(command.split(" "))) {
        throw new IllegalStateException("failed: " + command);
      }
    }

    @Override
    public List<String> prefix(int node) {
      return List.of("ip", "netns", "exec", id + node);
    }

    @Override
    public String host(int node) {
      return "10.234.1." + (node + 1);
    }

    @Override
    public String clientHost() {
      return "10.234.2.1";
    }

    @Override
    public boolean hasCables() {
      return true;
    }

    @Override
    public void cut(int node, Direction way) {
      if (way != Direction.IN) {
        must("tc -n " + id + node + " qdisc replace dev lan root blackhole");
      }
      if (way != Direction.OUT) {
        must("tc -n " + id + "s qdisc replace dev p" + node + " root blackhole");
      }
    }

    @Override
    public void limit(int node, int kbit) {
      String rate = " root tbf rate " + kbit + "kbit burst 16kb latency 400ms";
      must("tc -n " + id + node + " qdisc replace dev lan" + rate);
      must("tc -n " + id + "s qdisc replace dev p" + node + rate);
    }

    @Override
    public void heal(int node) {
      run("tc", "-n", id + node, "qdisc", "del", "dev", "lan", "root");
      run("tc", "-n", id + "s", "qdisc", "del", "dev", "p" + node, "root");
    }

    @Override
    public void close() {
      for (int node = 0; node < nodes; node++) {
        run("ip", "netns", "del", id + node);
      }
      run("ip", "netns", "del", id + "s");
    }
  }
}
