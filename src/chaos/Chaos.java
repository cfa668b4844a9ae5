import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// A root, three workers and a spare, to whom all happens that happens to computers at home, while
/// four clients ask. Every answer is compared with that of a root alone. See `scripts/chaos`.
public final class Chaos {
  private static final int NODES = 5;
  private static final int CLIENTS = 4;
  private static final String[] NAMES = {"root", "worker-1", "worker-2", "worker-3", "worker-4"};

  /// How long nodes may take to find each other again, in seconds.
  private static final int HEAL = 300;

  /// How long they may take to start: five Java processes on a busy machine.
  private static final int START = 300;

  /// What a node may hold more at the end than at the beginning: threads that compile, memory that
  /// the first hour of a Java process takes.
  private static final int MORE_THREADS = 10;

  private static final int MORE_DESCRIPTORS = 24;
  private static final int MORE_MEMORY = 160;

  /// By then connections of nodes that were killed behind a cable that was cut are closed, too.
  private static final Duration FORGOTTEN = Duration.ofSeconds(90);

  private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);

  /// Five Java processes that compile all that they can take minutes of two cores.
  private static final List<String> LIGHT =
      List.of(
          "-Ddllama.weights.warm-up=off", "-Ddllama.exchange.spin=0s", "-Ddllama.sync.rehearsal=1s");

  private final Ground ground = Ground.best(NODES);
  private final Path folder;
  private final Story story;
  private final List<Member> members = new CopyOnWriteArrayList<>();
  private final Client client;
  private final Map<String, String> known = new ConcurrentHashMap<>();
  private final List<String> problems = Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger askedAgain = new AtomicInteger();
  private final Map<String, List<Double>> pauses = new ConcurrentHashMap<>();
  private final List<Double> firsts = Collections.synchronizedList(new ArrayList<>());
  private final String jar;
  private final int clientPort = 9980;
  private final int rootPort;

  private Chaos(String jar, Path folder, Random random) {
    this.jar = jar;
    this.folder = folder;
    story = new Story(folder.resolve("story.log"));
    rootPort = ground.hasCables() ? 9990 : random.nextInt(20_000, 30_000);
    client = new Client("http://" + ground.clientHost() + ":" + clientPort(), story);
    for (int node = 0; node < NODES; node++) {
      members.add(new Member(NAMES[node], command(node), environment(node), story));
    }
  }

  private int clientPort() {
    return ground.hasCables() ? clientPort : rootPort + NODES;
  }

  /// @param args the jar, minutes, seed, and `root` if the root is killed, too
  public static void main(String[] args) throws Exception {
    double minutes = Double.parseDouble(args[1]);
    long seed = Long.parseLong(args[2]);
    boolean rootToo = args.length > 3 && args[3].equals("root");
    Path folder = Files.createTempDirectory("dllama-chaos");
    Chaos chaos = new Chaos(args[0], folder, new Random(seed));
    Runtime.getRuntime().addShutdownHook(new Thread(chaos::close));
    System.out.printf(
        "chaos: %s minutes, seed %d, %s; all that is said: %s%n",
        args[1], seed, chaos.ground.hasCables()
            ? "a namespace for each node"
            : "network namespaces are not allowed here (they need root and iproute2): all on "
                + "loopback, no cable is cut or narrowed",
        folder.resolve("story.log"));
    chaos.run((long) (minutes * 60e9), seed, rootToo);
    chaos.problems.stream().limit(30).forEach(System.out::println);
    System.out.println(chaos.problems.isEmpty() ? "nothing was lost" : "FAILED");
    System.exit(chaos.problems.isEmpty() ? 0 : 1);
  }

  private List<String> command(int node) {
    List<String> command = new ArrayList<>(ground.prefix(node));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(LIGHT);
    command.addAll(List.of("-jar", jar));
    command.addAll(List.of("--threads", "1", "--host", ground.host(node)));
    if (node == 0) {
      command.addAll(
          List.of("api", "--port", String.valueOf(rootPort), "--buffer-float-type", "f32"));
      command.addAll(List.of("--api-host", ground.clientHost(), "--api-open"));
      command.addAll(List.of("--api-port", String.valueOf(clientPort())));
    } else {
      command.addAll(List.of("--role", "worker"));
      command.addAll(List.of("--seed-node", ground.host(0) + ":" + rootPort));
      if (node % 2 == 1) { // as a firewall or a service wants it
        int port = ground.hasCables() ? 9991 : rootPort + node;
        command.addAll(List.of("--port", String.valueOf(port)));
      }
    }
    return command;
  }

  private Map<String, String> environment(int node) {
    return Map.of(
        "XDG_DATA_HOME", folder.resolve("data-" + node).toString(),
        "XDG_CONFIG_HOME", folder.resolve("config-" + node).toString());
  }

  private void run(long nanos, long seed, boolean rootToo) throws Exception {
    askAlone();
    members.forEach(Member::start);
    if (!awaitAll(0)) {
      problems.add("the cluster did not form");
      return;
    }
    askAll("before");
    Member.Holdings before = members.getFirst().holdings();
    story.tell("CHAOS", "the root holds " + before);
    Faults faults = new Faults(ground, members, story, seed, rootToo);
    long end = story.now() + nanos;
    List<Thread> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      Random random = new Random(seed * 31 + i);
      clients.add(Thread.ofPlatform().daemon().start(() -> keepAsking(random, end, faults)));
    }
    faults.run(end);
    for (Thread thread : clients) {
      thread.join();
    }
    long over = story.now();
    if (!healed(over)) {
      problems.add("the cluster did not grow to 4 nodes and a spare again");
    }
    askAll("after");
    boolean sameRoot = members.getFirst().startedAt() < end - nanos;
    compare(before, holdingsAfter(before), sameRoot);
    checkLog(faults);
    report(faults);
    endAll();
  }

  /// The answers that count: those of a root alone, undisturbed.
  private void askAlone() throws Exception {
    List<String> alone = new ArrayList<>(command(0));
    alone.addAll(List.of("--nodes", "1"));
    Member root = new Member("alone", alone, environment(0), story);
    members.add(root);
    root.start();
    if (!story.await(
        "alone", 0, START, line -> line.contains("page at") || line.contains("has ended"))) {
      throw new IllegalStateException("the root alone does not serve");
    }
    for (Client.Question question : Client.questions()) {
      known.put(question.name(), client.ask(question, false).text());
    }
    root.end(10);
    members.remove(root);
  }

  private boolean awaitAll(long from) throws InterruptedException {
    return story.await("root", from, START, line -> line.startsWith("4 nodes ready"));
  }

  /// Whether four nodes compute and one stands by.
  private boolean healed(long from) throws InterruptedException {
    long end = story.now() + HEAL * 1_000_000_000L;
    while (story.now() < end) {
      String state = client.cluster();
      if (state.equals("ready 4 1")) {
        story.tell("CHAOS", String.format(Locale.ROOT, "whole %.1f s after the last fault", (story.now() - from) / 1e9));
        return true;
      }
      Thread.sleep(200);
    }
    return false;
  }

  private void askAll(String when) throws InterruptedException {
    for (Client.Question question : Client.questions()) {
      ask(question, true, when, null);
    }
  }

  private void keepAsking(Random random, long end, Faults faults) {
    List<Client.Question> questions = Client.questions();
    try {
      while (story.now() < end) {
        if (story.now() / 1_000_000_000 % 40 >= 32) { // a break, in which the cluster may grow
          Thread.sleep(100);
          continue;
        }
        ask(questions.get(random.nextInt(questions.size())), random.nextInt(4) > 0, "", faults);
        Thread.sleep(random.nextInt(200));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void ask(Client.Question question, boolean stream, String when, Faults faults)
      throws InterruptedException {
    while (true) {
      long asked = story.now();
      try {
        Client.Answered answer = client.ask(question, stream);
        answered.incrementAndGet();
        story.tell(
            "CLIENT",
            "%s %s was answered after %.0f ms, longest pause %.0f ms"
                .formatted(
                    when, question.name(), (story.now() - asked) / 1e6, answer.longest()));
        if (!answer.text().equals(known.get(question.name()))) {
          wrong(question, answer.text(), when);
        }
        note(answer, stream, faults);
        return;
      } catch (Client.Failed failed) {
        if (faults == null || !faults.rootWasDown(asked)) {
          String problem = "%s %s: %s".formatted(when, question.name(), failed.getMessage());
          story.tell("CLIENT", problem);
          problems.add("%.1f s %s".formatted(story.now() / 1e9, problem));
          return;
        }
        askedAgain.incrementAndGet(); // whoever's root is gone asks again
        Thread.sleep(500);
      }
    }
  }

  private void wrong(Client.Question question, String text, String when) {
    String problem =
        "%s %s: WRONG answer <%s> in place of <%s>"
            .formatted(when, question.name(), text, known.get(question.name()))
            .replace("\n", "\\n");
    story.tell("CLIENT", problem);
    problems.add("%.1f s %s".formatted(story.now() / 1e9, problem));
  }

  private void note(Client.Answered answer, boolean stream, Faults faults) {
    if (faults == null || !stream) {
      return;
    }
    firsts.add(answer.first());
    if (answer.longest() > 300) {
      pauses
          .computeIfAbsent(
              faults.cause(answer.longestAt()), _ -> Collections.synchronizedList(new ArrayList<>()))
          .add(answer.longest());
    }
  }

  /// What the root holds when it has given back what it should, or the time for that is over.
  private Member.Holdings holdingsAfter(Member.Holdings before) throws Exception {
    long end = story.now() + FORGOTTEN.toNanos();
    Member.Holdings after = members.getFirst().holdings();
    while (!kept(before, after).isEmpty() && story.now() < end) {
      Thread.sleep(BETWEEN_LOOKS);
      after = members.getFirst().holdings();
    }
    return after;
  }

  private void compare(Member.Holdings before, Member.Holdings after, boolean same) {
    System.out.printf("the root held %s before, %s after%s%n", before, after, same ? "" : " (another process)");
    kept(before, after)
        .forEach(what -> problems.add("%s of the root: %s, then %s".formatted(what, before, after)));
  }

  private static List<String> kept(Member.Holdings before, Member.Holdings after) {
    List<String> kept = new ArrayList<>();
    if (after.threads() > before.threads() + MORE_THREADS) {
      kept.add("threads");
    }
    if (after.descriptors() > before.descriptors() + MORE_DESCRIPTORS) {
      kept.add("descriptors");
    }
    if (after.resident() > before.resident() + MORE_MEMORY) {
      kept.add("memory");
    }
    return kept;
  }

  /// Who was killed stands in the root's log, by its address.
  private void checkLog(Faults faults) {
    for (Faults.Fault fault : faults.begun()) {
      boolean kill = fault.kind() == Faults.Kind.KILL || fault.kind() == Faults.Kind.RESTART;
      if (kill && faults.wasIn(fault)) {
        String address = "the worker at " + ground.host(fault.node()) + ":";
        if (!story.has("root", fault.at(), line -> line.contains(address) && !line.endsWith("is here"))) {
          problems.add("the root's log has nothing of " + fault);
        }
      }
    }
    for (Member member : members) {
      long bugs = story.count(member.name, line -> line.contains("this is a bug") || line.contains("Exception"));
      if (bugs > 0) {
        problems.add("%s told %d times of exceptions, see the log".formatted(member.name, bugs));
      }
    }
  }

  private void report(Faults faults) {
    System.out.printf("faults: %s%n", faults.counts());
    System.out.printf("answers %d, asked again after the root's restart %d, problems %d%n", answered.get(), askedAgain.get(), problems.size());
    System.out.printf(
        "worlds that were ready: %d%n",
        story.count("root", line -> line.contains(", loaded in ")));
    reportRestarts(faults);
    System.out.println("first token, ms: " + percentiles(firsts));
    System.out.println("pauses above 300 ms within streams, ms, by the latest fault:");
    List<Double> all = new ArrayList<>();
    new TreeMap<>(pauses).forEach((kind, each) -> {
      all.addAll(each);
      System.out.printf("  %-12s %s%n", kind.toLowerCase(Locale.ROOT), percentiles(each));
    });
    System.out.printf("  %-12s %s%n", "all", percentiles(all));
  }

  /// How long after its start a root served again, and had a world.
  private void reportRestarts(Faults faults) {
    List<Double> served = new ArrayList<>();
    List<Double> ready = new ArrayList<>();
    for (Faults.Fault fault : faults.begun()) {
      if (fault.kind() == Faults.Kind.ROOT_RESTART) {
        long started = fault.at() + fault.millis() * 1_000_000;
        story.first("root", started, line -> line.startsWith("page at"))
            .ifPresent(line -> served.add((line.at() - started) / 1e6));
        story.first("root", started, line -> line.contains("nodes ready, loaded in"))
            .ifPresent(line -> ready.add((line.at() - started) / 1e6));
      }
    }
    System.out.println("a root that was started again served after, ms: " + percentiles(served));
    System.out.println("  and had a world of several nodes after, ms: " + percentiles(ready));
  }

  private static String percentiles(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    return sorted.isEmpty()
        ? "none"
        : String.format(
            Locale.ROOT,
            "p50 %.0f, p99 %.0f, most %.0f (of %d)",
            sorted.get(sorted.size() / 2),
            sorted.get((int) (sorted.size() * 0.99)),
            sorted.getLast(),
            sorted.size());
  }

  /// The root says goodbye, and then everybody ends who is asked to.
  private void endAll() throws InterruptedException {
    for (Member member : members) {
      int code = member.end(20);
      if (code != 143 && code != 0 && code != 130) {
        problems.add("%s ended with %d".formatted(member.name, code));
      }
    }
  }

  private void close() {
    members.stream().filter(Member::isAlive).forEach(member -> member.signal("KILL"));
    ground.close();
    story.close();
  }
}
