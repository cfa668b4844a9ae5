package dllama.tensor;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Times the forms of kernels and has the quickest used, so that one that the compiler of this
/// machine makes slow code of is not: where vectors do not fit what it takes into one method they
/// are boxed, and a kernel is twenty times slower without any sign of it.
///
/// Until it has decided, what was used before is. It works on the thread that calls it, in rounds
/// of half a millisecond.
public final class KernelGuard {
  private static final Logger LOG = LoggerFactory.getLogger(KernelGuard.class);

  /// How long a form may be at work until it is compiled: much longer than that takes, because who
  /// is taken for boxed is not used.
  private static final Duration PATIENCE = Duration.ofSeconds(6);

  /// What is slower than the best by this much is out of all proportion.
  private static final double PROPORTION = 3;

  /// Another form than the default must be worth it.
  private static final double BETTER = 0.96;

  private static final int COMPARED_ROUNDS = 40;

  /// More than the thresholds in jvm.options ask for.
  private static final int COMPILED_CALLS = 40;

  private final ChosenKernels kernels;
  private final BooleanSupplier goOn;
  private final Duration patience;

  /// Parts without a good form, and what is used for them.
  private final List<String> slow = new ArrayList<>();

  private KernelGuard(ChosenKernels kernels, Duration patience, BooleanSupplier goOn) {
    this.kernels = kernels;
    this.patience = patience;
    this.goOn = goOn;
  }

  /// Decides on all parts.
  ///
  /// @param weights types of the weights, at least one; `cache` that of keys and values
  /// @param goOn asked all the time; may wait; false ends it without a decision
  /// @return bits of narrower vectors that the next process should use, because with those of this
  ///     one some part has no good form; 0 if all is well
  public static int run(
      Kernels kernels, Collection<DType> weights, DType cache, BooleanSupplier goOn) {
    return run(kernels, weights, cache, PATIENCE, goOn);
  }

  static int run(
      Kernels kernels,
      Collection<DType> weights,
      DType cache,
      Duration patience,
      BooleanSupplier goOn) {
    if (!(kernels instanceof ChosenKernels chosen)) {
      return 0;
    }
    KernelGuard guard = new KernelGuard(chosen, patience, goOn);
    boolean decided =
        weights.stream().allMatch(guard::decideProducts)
            && guard.decide(KernelPart.ATTENTION, cache, cache)
            && guard.decide(KernelPart.ROWS, DType.F32, weights.iterator().next());
    if (decided) {
      LOG.info("kernels: {}", chosen.report(weights).text());
    }
    return guard.complain() ? chosen.vectorBits() / 2 : 0;
  }

  /// Has the default forms of all parts compiled, by few calls with short loops. The thresholds of
  /// kernels in jvm.options are low, and who calls one waits for the compiler: else the compiler
  /// would take the many small methods of the Vector API first, which nobody calls any more once
  /// kernels are compiled.
  ///
  /// @param goOn asked before each call; false ends it
  public static void compile(
      Kernels kernels, Collection<DType> weights, DType cache, BooleanSupplier goOn) {
    if (!(kernels instanceof ChosenKernels)) {
      return;
    }
    for (DType type : weights) {
      compile(kernels, KernelTrial.small(KernelPart.PREFILL, type), goOn);
      compile(kernels, KernelTrial.small(KernelPart.DECODE, type), goOn);
    }
    compile(kernels, KernelTrial.small(KernelPart.ROWS, weights.iterator().next()), goOn);
    compile(kernels, KernelTrial.small(KernelPart.ATTENTION, cache), goOn);
  }

  private static void compile(Kernels kernels, KernelTrial trial, BooleanSupplier goOn) {
    for (int call = 0; call < COMPILED_CALLS && goOn.getAsBoolean(); call++) {
      trial.run(kernels);
    }
  }

  private boolean decideProducts(DType weights) {
    return decide(KernelPart.PREFILL, weights, weights)
        && decide(KernelPart.DECODE, weights, weights);
  }

  /// Returns whether it came to a decision.
  ///
  /// @param tried type of the weights, or keys and values, that it is tried with
  private boolean decide(KernelPart part, DType type, DType tried) {
    KernelTrial trial = KernelTrial.of(part, tried);
    List<FormTiming> timings = new ArrayList<>();
    for (KernelForm form : kernels.forms(part, type)) {
      FormTiming timing = new FormTiming(form, trial);
      if (!timing.settle(patience, goOn)) {
        return false;
      }
      timings.add(timing);
    }
    FormTiming first = timings.getFirst();
    List<FormTiming> good = timings.stream().filter(timing -> !timing.boxed()).toList();
    if (good.isEmpty()) {
      return usePlainLoops(part, type, first, trial);
    }
    if (!compare(good)) {
      return false;
    }
    FormTiming quickest = quickest(good);
    boolean keep = !first.boxed() && quickest.nanos() > first.nanos() * BETTER;
    FormTiming best = keep ? first : quickest;
    kernels.use(part, type, best.form());
    timings.forEach(timing -> say(part, type, timing, best, timing == first));
    return true;
  }

  /// In turns, so that a noisy machine hits all alike.
  private boolean compare(List<FormTiming> timings) {
    for (int round = 0; timings.size() > 1 && round < COMPARED_ROUNDS; round++) {
      timings.forEach(FormTiming::round);
      if (!goOn.getAsBoolean()) {
        return false;
      }
    }
    return true;
  }

  private static FormTiming quickest(List<FormTiming> timings) {
    return timings.stream().min(Comparator.comparingDouble(FormTiming::nanos)).orElseThrow();
  }

  /// One line where what should have been used is not; the rest is for who wants to know.
  private static void say(
      KernelPart part, DType type, FormTiming timing, FormTiming best, boolean meant) {
    double times = timing.nanos() / best.nanos();
    if (meant && (timing.boxed() || times > PROPORTION)) {
      LOG.warn(
          "{} of {} with {} is {} times slower than with {} on this processor and Java, and not used",
          part,
          type,
          timing.form().name(),
          Math.round(times),
          best.form().name());
    } else {
      LOG.debug(
          "{} of {} with {}: {} us{}",
          part,
          type,
          timing.form().name(),
          timing.nanos() / 1000,
          timing.boxed() ? ", boxed" : "");
    }
  }

  /// Every form is boxed: what is written for no vectors may still be quicker.
  private boolean usePlainLoops(KernelPart part, DType type, FormTiming boxed, KernelTrial trial) {
    FormTiming plain = new FormTiming(KernelForm.PLAIN, trial);
    if (!plain.settle(patience, goOn)) {
      return false;
    }
    FormTiming best = quickest(List.of(boxed, plain));
    kernels.use(part, type, best.form());
    slow.add(
        "%s of %s (%s)"
            .formatted(part, type, best == plain ? best.form().name() : "boxed vectors"));
    return true;
  }

  /// In one line, if something is slow; returns whether narrower vectors may be better.
  private boolean complain() {
    boolean narrower = !slow.isEmpty() && kernels.vectorBits() > VectorWidth.NARROWEST;
    if (!slow.isEmpty()) {
      LOG.warn(
          "slow: {}: no form for vectors of {} bit is compiled well by this Java on this processor{}",
          String.join(", ", slow),
          kernels.vectorBits(),
          narrower ? "; narrower ones from the next start on" : "");
    }
    return narrower;
  }
}
