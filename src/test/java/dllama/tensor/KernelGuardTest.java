package dllama.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/// A form that is boxed on purpose is found out by what compiled code does, and not used.
@Tag("without-agent")
@Tag("slow")
class KernelGuardTest {
  /// A boxed form takes as long as this, a good one as long as the compiler needs.
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final List<DType> Q4_0 = List.of(DType.Q4_0);
  private static final int BITS = Vectors.SHORTS.vectorBitSize();

  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger(KernelGuard.class);
  private final KernelForm good = VectorKernels.forms(KernelPart.PREFILL, DType.Q4_0).getFirst();
  private final KernelForm boxed =
      new KernelForm("boxed on purpose", BoxedKernels.of(good.kernels()));

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void listenNoMore() {
    logger.detachAppender(log);
  }

  @Test
  void shouldUseTheNextFormWhereOneIsBoxed() {
    ChosenKernels kernels = prefill(List.of(boxed, good));
    float[] before = product(kernels);
    assertSame(boxed, kernels.chosen(KernelPart.PREFILL, DType.Q4_0));
    assertEquals(0, KernelGuard.run(kernels, Q4_0, DType.F16, PATIENCE, () -> true));
    assertSame(good, kernels.chosen(KernelPart.PREFILL, DType.Q4_0));
    assertEquals(1, warnings().size(), warnings().toString());
    assertTrue(
        warnings()
            .getFirst()
            .matches(
                "prefill of Q4_0 with boxed on purpose is \\d+ times slower than with "
                    + good.name()
                    + " on this processor and Java, and not used"),
        warnings().toString());
    assertTrue(kernels.report(Q4_0).text().contains("prefill " + good.name()));
    assertArrayEquals(before, product(kernels));
    assertArrayEquals(before, product(new ScalarKernels()));
  }

  @Test
  void shouldAskForNarrowerVectorsWhereEveryFormIsBoxed() {
    ChosenKernels kernels = prefill(List.of(boxed));
    int narrower = BITS > 128 ? BITS / 2 : 0;
    assertEquals(narrower, KernelGuard.run(kernels, Q4_0, DType.F16, PATIENCE, () -> true));
    assertEquals(1, warnings().size(), warnings().toString());
    assertTrue(
        warnings()
            .getFirst()
            .matches(
                "slow: prefill of Q4_0 \\(.*\\): no form for vectors of %d bit .*".formatted(BITS)),
        warnings().toString());
    assertArrayEquals(product(new ScalarKernels()), product(kernels));
  }

  @Test
  void shouldLeaveKernelsOfTheProductAsTheyAre() {
    Kernels kernels = Kernels.choose(true);
    for (DType type : DType.all()) {
      DType cache = type == DType.F32 ? DType.F32 : DType.F16;
      assertEquals(
          0, KernelGuard.run(kernels, List.of(type), cache, Duration.ofSeconds(60), () -> true));
      KernelReport report = kernels.report(List.of(type));
      assertEquals(BITS, report.vectorBits());
      assertEquals(2, report.forms().size(), report.text());
    }
    assertEquals(List.of(), warnings());
  }

  @Test
  void shouldEndWithoutADecisionWhenTold() {
    ChosenKernels kernels = prefill(List.of(boxed, good));
    assertEquals(0, KernelGuard.run(kernels, Q4_0, DType.F16, PATIENCE, () -> false));
    assertSame(boxed, kernels.chosen(KernelPart.PREFILL, DType.Q4_0));
  }

  private static ChosenKernels prefill(List<KernelForm> forms) {
    return new ChosenKernels(
        BITS,
        (part, type) ->
            part == KernelPart.PREFILL && type == DType.Q4_0
                ? forms
                : VectorKernels.forms(part, type));
  }

  private List<String> warnings() {
    return log.list.stream()
        .filter(event -> event.getLevel() == Level.WARN)
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }

  /// Of nine tokens, some of which go together.
  private static float[] product(Kernels kernels) {
    try (var arena = Arena.ofConfined()) {
      Random random = new Random(5);
      PackedMatrix w = Packer.pack(TestData.matrix(random, DType.Q4_0, 70, 320, arena), arena);
      Activations x = new Activations(DType.Q4_0, 9, 320);
      for (int token = 0; token < 9; token++) {
        kernels.load(TestData.floats(random, 320), 0, x, token);
      }
      float[] out = new float[9 * 70];
      kernels.matmul(w, 0, w.groups(), x, 9, out, 0, 70);
      return out;
    }
  }
}
