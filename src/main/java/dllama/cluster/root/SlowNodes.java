package dllama.cluster.root;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Who makes the others wait, judged by measured shares ([WaitShares]): one node, clearly more than
/// all others, and not for a moment only. Says when a line about it is due, whether the world would
/// be clearly quicker without it, whether it was then, and when it should be tried again.
///
/// A pure state machine; [SlowWatch] owns it. Times are those of `System.nanoTime`.
final class SlowNodes {
  /// Of the time of steps: less may be the network, or chance.
  static final double SHARE = 0.25;

  /// So many times the share of the one who is waited for next.
  static final double CLEARLY = 2;

  /// Gain that has to be foreseen for a node to be left out, and the one that has to be measured.
  static final double WORTH = 1.2;

  static final double GAINED = 1.05;

  /// How long, while there are steps, a node has to be slow until it is named, and until it is left
  /// out.
  private static final Duration NAMED = Duration.ofSeconds(5);

  private static final Duration LEFT_OUT = Duration.ofSeconds(20);
  private static final Duration APART = Duration.ofMinutes(1);

  /// Who was slow every time is tried again ever more seldom, down to this many times the first.
  private static final int MOST = 16;

  private final Duration again;
  private final Map<String, Long> toldAt = new HashMap<>();

  /// By address: until when a node stays as it is, in or out of the world.
  private final Map<String, Rest> resting = new HashMap<>();

  private String slow = "";
  private Duration slowFor = Duration.ZERO;
  private StepTimes before = new StepTimes();
  private @Nullable Trial trial;

  private record Rest(boolean out, long until, int times) {}

  /// A world without a node.
  ///
  /// @param before steps with it, while it was slow
  /// @param first steps without it that do not count: what is cold is slow
  private record Trial(String address, StepTimes before, @Nullable StepTimes first) {}

  /// A node that is slow.
  ///
  /// @param share of the time of steps that others wait for it
  record Slow(int rank, String address, double share) {}

  /// What leaving a node out has brought.
  ///
  /// @param millis that a step takes without it, and with it
  record Verdict(String address, StepTimes.Compared millis) {
    boolean isWorth() {
      return millis.here() * GAINED <= millis.there();
    }
  }

  /// What is measured of a world.
  ///
  /// @param shares by rank, 0 to 1; empty where nothing was measured
  /// @param times of all its steps so far
  record Measured(List<String> addresses, List<OptionalDouble> shares, StepTimes times) {}

  /// @param again after which time a node that was left out is tried again
  SlowNodes(Duration again) {
    this.again = again;
  }

  /// Who is slow now.
  static Optional<Slow> slowest(Measured now) {
    List<OptionalDouble> shares = now.shares;
    if (shares.size() < 2 || shares.stream().anyMatch(OptionalDouble::isEmpty)) {
      return Optional.empty();
    }
    int rank =
        IntStream.range(0, shares.size())
            .boxed()
            .max((a, b) -> Double.compare(shares.get(a).orElse(0), shares.get(b).orElse(0)))
            .orElseThrow();
    double share = shares.get(rank).orElse(0);
    return share >= SHARE && share >= CLEARLY * others(shares, rank)
        ? Optional.of(new Slow(rank, now.addresses.get(rank), share))
        : Optional.empty();
  }

  /// The largest share of all but one.
  private static double others(List<OptionalDouble> shares, int but) {
    return IntStream.range(0, shares.size())
        .filter(rank -> rank != but)
        .mapToDouble(rank -> shares.get(rank).orElse(0))
        .max()
        .orElse(0);
  }

  /// What is measured now.
  ///
  /// @param passed since this was told last, if there were steps meanwhile
  /// @return the slow node, if a line about it is due: at most one a minute for each
  Optional<Slow> measured(Measured measured, Duration passed, long now) {
    Optional<Slow> found = slowest(measured);
    String address = found.map(Slow::address).orElse("");
    if (address.equals(slow)) {
      slowFor = slowFor.plus(passed);
    } else {
      slowFor = Duration.ZERO;
      before = measured.times.copy();
    }
    slow = address;
    if (found.isEmpty() || slowFor.compareTo(NAMED) < 0) {
      return Optional.empty();
    }
    toldAt.values().removeIf(told -> now - told >= APART.toNanos());
    return toldAt.putIfAbsent(address, now) == null ? found : Optional.empty();
  }

  /// How many times faster steps would be without a slow node, by what is measured.
  ///
  /// The others compute, and all that is not waiting for a node counts as that, for a part of the
  /// time of a step; in a world of fewer each of them has more to compute, `size / fewer` times as
  /// much. Who is waited for next is waited for then, too.
  ///
  /// @param fewer nodes of the world without it
  static double gain(List<OptionalDouble> shares, int slow, int fewer) {
    double share = shares.get(slow).orElse(0);
    double next = fewer == 1 ? 0 : others(shares, slow);
    double computing = Math.max(0, 1 - share - others(shares, slow));
    double without = computing * shares.size() / fewer + next;
    return without <= 0 ? Double.POSITIVE_INFINITY : 1 / without;
  }

  /// The slow node, if the world is to be formed without it: it was slow all the time, steps were
  /// timed meanwhile, and it was not found lately that it is of use.
  ///
  /// @param fewer nodes of the world without it
  Optional<Slow> leaveOut(Measured measured, int fewer, long now) {
    return slowest(measured)
        .filter(node -> node.rank() != 0 && node.address().equals(slow))
        .filter(_ -> slowFor.compareTo(LEFT_OUT) >= 0)
        .filter(_ -> measured.times.since(before).count() >= StepTimes.FEW)
        .filter(node -> !rests(node.address(), now))
        .filter(node -> gain(measured.shares, node.rank(), fewer) > WORTH);
  }

  private boolean rests(String address, long now) {
    Rest rest = resting.get(address);
    return rest != null && !rest.out && now - rest.until < 0;
  }

  /// It is left out: a world without it is formed.
  ///
  /// @return how long it stays so
  Duration leftOut(Slow node, Measured measured, long now) {
    trial = new Trial(node.address(), measured.times.since(before), null);
    return rest(node.address(), true, now);
  }

  private Duration rest(String address, boolean out, long now) {
    Rest former = resting.get(address);
    int times = former == null ? 1 : Math.min(MOST, 2 * former.times);
    Duration length = again.multipliedBy(times);
    resting.put(address, new Rest(out, now + length.toNanos(), times));
    return length;
  }

  /// What leaving a node out has brought, once that is known; a node that was of use is in the
  /// world again, for as long.
  ///
  /// @param times of the world without it
  Optional<Verdict> verdict(StepTimes times, long now) {
    Trial present = trial;
    if (present == null || times.count() < StepTimes.FEW) {
      return Optional.empty();
    }
    if (present.first == null) {
      trial = new Trial(present.address, present.before, times.copy());
      return Optional.empty();
    }
    Optional<Verdict> verdict =
        times
            .since(present.first)
            .compare(present.before)
            .map(compared -> new Verdict(present.address, compared));
    if (verdict.isPresent()) {
      trial = null;
      if (!verdict.get().isWorth()) {
        rest(present.address, false, now);
      }
    }
    return verdict;
  }

  /// Those that are to be tried again, each told once.
  Set<String> due(long now) {
    Set<String> due =
        resting.entrySet().stream()
            .filter(entry -> entry.getValue().out && now - entry.getValue().until >= 0)
            .map(Map.Entry::getKey)
            .collect(Collectors.toSet());
    due.forEach(
        address -> resting.computeIfPresent(address, (_, was) -> new Rest(false, now, was.times)));
    return due;
  }

  /// Who comes from there is another one.
  void gone(String address) {
    resting.remove(address);
    toldAt.remove(address);
  }

  /// Another world begins, in which nothing is measured yet.
  ///
  /// @param withoutIt whether it is the one without the node that was left out; if that one could
  ///     not be, or was lost, the node stays in the world for a while
  void reset(boolean withoutIt, long now) {
    slow = "";
    slowFor = Duration.ZERO;
    before = new StepTimes();
    if (!withoutIt && trial != null) {
      rest(trial.address, false, now);
      trial = null;
    }
  }
}
