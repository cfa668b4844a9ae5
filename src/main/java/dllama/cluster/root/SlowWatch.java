package dllama.cluster.root;

import dllama.cluster.membership.RootListener;
import dllama.cluster.wire.Node;
import java.time.Duration;
import java.util.Optional;
import java.util.stream.IntStream;

/// Looks at each tick whether a node of the present world makes the others wait, says so, and has
/// it left out, or tried again. Owned by [RootCoordinator].
final class SlowWatch {
  private final RootSteps steps;
  private final WorldFormation formation;
  private final RootListener listener;
  private final boolean leavesOut;
  private final SlowNodes nodes;
  private long epoch;

  /// Who was left out last, whom the next world is without unless it fails; empty if nobody.
  private String leftOut = "";

  private StepTimes seen = new StepTimes();

  /// @param again after which time a node that was left out is tried again; zero: none is left out
  SlowWatch(RootSteps steps, WorldFormation formation, RootListener listener, Duration again) {
    this.steps = steps;
    this.formation = formation;
    this.listener = listener;
    leavesOut = !again.isZero();
    nodes = new SlowNodes(again);
  }

  /// @param world that can do steps
  /// @param tick time between two calls
  void look(World world, Duration tick, long now) {
    if (world.epoch() != epoch) {
      epoch = world.epoch();
      nodes.reset(!leftOut.isEmpty() && !world.has(leftOut), now);
      leftOut = "";
      seen = new StepTimes();
    }
    if (steps.times().since(seen).count() == 0) {
      return; // what nobody has waited for is no news
    }
    seen = steps.times().copy();
    nodes
        .measured(measured(world), tick, now)
        .ifPresent(
            slow ->
                listener.slow(
                    "%s makes the others wait, %.0f %% of the time of steps"
                        .formatted(world.name(slow.rank()), slow.share() * 100)));
    nodes.verdict(seen, now).ifPresent(this::say);
  }

  private void say(SlowNodes.Verdict verdict) {
    StepTimes.Compared millis = verdict.millis();
    listener.slow(
        "without the worker at %s a step takes %.1f ms, with it %.1f ms%s"
            .formatted(
                verdict.address(),
                millis.here(),
                millis.there(),
                verdict.isWorth() ? "" : ": it is of use, and computes again"));
    if (!verdict.isWorth()) {
      formation.takeIn(verdict.address());
    }
  }

  private SlowNodes.Measured measured(World world) {
    return new SlowNodes.Measured(
        world.ranks().stream().map(Node::address).toList(),
        IntStream.range(0, world.size()).mapToObj(steps.waits()::of).toList(),
        steps.times());
  }

  /// Has a slow node left out, or one tried again. Only while nobody is answered.
  void adapt(World world, long now) {
    for (String address : nodes.due(now)) {
      if (formation.takeIn(address)) {
        listener.slow("the worker at %s is tried again".formatted(address));
      }
    }
    if (!leavesOut || world.epoch() != epoch) {
      return;
    }
    int fewer = formation.oneLess();
    SlowNodes.Measured measured = measured(world);
    Optional<SlowNodes.Slow> slow = nodes.leaveOut(measured, fewer, now);
    if (slow.isPresent() && formation.leaveOutSlow(world, slow.get().address(), fewer)) {
      leftOut = slow.get().address();
      Duration rest = nodes.leftOut(slow.get(), measured, now);
      listener.slow(
          "%s is left out, because without it steps should be quicker; it is tried again in %d min, or with /nodes auto"
              .formatted(world.name(slow.get().rank()), Math.ceilDiv(rest.toSeconds(), 60)));
    }
  }

  /// A worker is gone.
  void gone(String address) {
    nodes.gone(address);
  }
}
