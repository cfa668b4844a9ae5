import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/// What happens to the nodes: one fault after the other, now and then two at a time, each on a node
/// of its own and each undone after some seconds. The same seed gives the same faults.
final class Faults {
  /// Kinds of faults, and how often each is.
  enum Kind {
    /// A process is killed, and started again some seconds later.
    KILL(5, false),
    /// The same, started again at once.
    RESTART(3, false),
    /// A process stands still for so long that others give it up.
    FREEZE(3, false),
    /// A process stands still for less.
    DELAY(4, false),
    /// A process runs half of the time.
    SLOW(2, false),
    CUT(4, true),
    CUT_IN(2, true),
    CUT_OUT(2, true),
    /// A cable takes little.
    NARROW(3, true),
    /// The root stands still for a moment.
    ROOT_DELAY(1, false),
    /// The root is killed and started again; answers under way end with it.
    ROOT_RESTART(1, false);

    final int weight;
    final boolean cable;

    Kind(int weight, boolean cable) {
      this.weight = weight;
      this.cable = cable;
    }
  }

  /// @param at when it began, by the story's clock
  record Fault(Kind kind, int node, long at, long millis) {}

  private final Ground ground;
  private final List<Member> members;
  private final Story story;
  private final Random random;
  private final boolean rootToo;
  private final Set<Integer> busy = new HashSet<>();
  private final List<Fault> begun = new ArrayList<>();
  private final List<Thread> running = new ArrayList<>();

  /// @param rootToo whether the root is killed, too
  Faults(Ground ground, List<Member> members, Story story, long seed, boolean rootToo) {
    this.ground = ground;
    this.members = members;
    this.story = story;
    this.rootToo = rootToo;
    random = new Random(seed);
  }

  /// Until `end`, by the story's clock; then everything is undone.
  void run(long end) throws InterruptedException {
    while (story.now() < end) {
      Fault fault = next();
      synchronized (this) {
        if (busy.size() < 2 && busy.add(fault.node)) {
          begun.add(fault);
          running.add(Thread.ofPlatform().daemon().start(() -> happen(fault)));
        }
      }
      Thread.sleep(random.nextInt(1500, 7000));
    }
    for (Thread thread : running) {
      thread.join();
    }
  }

  private Fault next() {
    Kind kind = kind();
    boolean root = kind == Kind.ROOT_DELAY || kind == Kind.ROOT_RESTART;
    int node = root ? 0 : random.nextInt(1, members.size());
    int millis =
        switch (kind) {
          case RESTART -> 0;
          case DELAY, ROOT_DELAY -> random.nextInt(100, 1000);
          case FREEZE -> random.nextInt(3000, 9000);
          case CUT, CUT_IN, CUT_OUT -> random.nextInt(300, 8000);
          case KILL, ROOT_RESTART -> random.nextInt(300, 6000);
          case SLOW, NARROW -> random.nextInt(3000, 8000);
        };
    return new Fault(kind, node, story.now(), millis);
  }

  private Kind kind() {
    while (true) {
      Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
      boolean possible =
          (!kind.cable || ground.hasCables()) && (kind != Kind.ROOT_RESTART || rootToo);
      if (random.nextInt(5) < kind.weight && possible) {
        return kind;
      }
    }
  }

  private void happen(Fault fault) {
    Member member = members.get(fault.node);
    story.tell(
        "FAULT", "%s of %s for %d ms".formatted(fault.kind, member.name, fault.millis));
    try {
      switch (fault.kind) {
        case KILL, RESTART, ROOT_RESTART -> {
          member.kill();
          Thread.sleep(fault.millis);
          member.start();
        }
        case FREEZE, DELAY, ROOT_DELAY -> {
          member.signal("STOP");
          Thread.sleep(fault.millis);
          member.signal("CONT");
        }
        case SLOW -> limp(member, fault.millis);
        case CUT, CUT_IN, CUT_OUT -> {
          ground.cut(
              fault.node,
              fault.kind == Kind.CUT
                  ? Ground.Direction.BOTH
                  : fault.kind == Kind.CUT_IN ? Ground.Direction.IN : Ground.Direction.OUT);
          Thread.sleep(fault.millis);
        }
        case NARROW -> {
          ground.limit(fault.node, 200 << (fault.millis % 7)); // 0.2 to 12.8 Mbit/s
          Thread.sleep(fault.millis);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (fault.kind.cable) {
        ground.heal(fault.node);
      }
      story.tell("FAULT", "%s of %s is over".formatted(fault.kind, member.name));
      synchronized (this) {
        busy.remove(fault.node);
      }
    }
  }

  /// Half of the time it stands still, 30 ms at a time.
  private static void limp(Member member, long millis) throws InterruptedException {
    long end = System.nanoTime() + millis * 1_000_000;
    while (System.nanoTime() < end) {
      member.signal("STOP");
      Thread.sleep(30);
      member.signal("CONT");
      Thread.sleep(30);
    }
  }

  synchronized List<Fault> begun() {
    return List.copyOf(begun);
  }

  /// The fault that began last before `at`, and not long before it; none is no fault.
  synchronized String cause(long at) {
    String kind = "none";
    for (Fault fault : begun) {
      if (fault.at <= at && at - fault.at < (fault.millis + 15_000) * 1_000_000L) {
        kind = fault.kind.name();
      }
    }
    return kind;
  }

  /// Whether the root was killed after `asked`, or was not yet serving again then.
  synchronized boolean rootWasDown(long asked) {
    return begun.stream()
        .anyMatch(
            fault ->
                fault.kind == Kind.ROOT_RESTART
                    && asked < fault.at + (fault.millis + 30_000) * 1_000_000L);
  }

  /// Whether the node of a fault had joined when that began.
  boolean wasIn(Fault fault) {
    String name = members.get(fault.node).name;
    Story.Line last = story.lastBefore(name, fault.at, line -> line.startsWith("joined the root"));
    return last != null && story.count(name, last.at(), fault.at, line -> line.contains("looking for a root") || line.contains("output has ended")) == 0;
  }

  String counts() {
    Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
    begun().forEach(fault -> counts.merge(fault.kind, 1, Integer::sum));
    return counts.toString().toLowerCase(Locale.ROOT);
  }
}
