package dllama;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// The dependency rules of docs/ARCHITECTURE.md.
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(location -> !location.contains(tests()))
          .importPackages("dllama");

  /// Package → the packages that it may use; `error` and `files` are open to all.
  private static final Map<String, Set<String>> MAY_USE =
      new TreeMap<>(
          Map.ofEntries(
              entry("error"),
              entry("files"),
              entry("tensor"),
              entry("model", "tensor"),
              entry("tokenizer"),
              entry("template"),
              entry("reply", "tokenizer", "template"),
              entry("sampling"),
              entry("format", "model", "tensor", "tokenizer"),
              entry("convert", "format", "model", "tensor", "tokenizer"),
              entry("logits", "model", "tensor"),
              entry("step", "logits", "model", "tensor"),
              entry("slice", "model", "tensor"),
              entry("engine", "slice", "step", "logits", "model", "tensor"),
              entry("generation", "step", "logits", "model", "tokenizer", "sampling"),
              entry("key"),
              entry("settings", "key"),
              entry(
                  "api",
                  "session",
                  "cluster",
                  "constraint",
                  "reply",
                  "prediction",
                  "generation",
                  "step",
                  "logits",
                  "model",
                  "tensor",
                  "tokenizer",
                  "template",
                  "sampling",
                  "settings",
                  "key"),
              entry("constraint", "generation", "tokenizer"),
              entry("hub", "format", "settings"),
              entry("prediction", "engine", "slice", "step", "model", "tensor", "settings"),
              entry(
                  "session",
                  "cluster",
                  "generation",
                  "step",
                  "format",
                  "slice",
                  "engine",
                  "model",
                  "tensor",
                  "tokenizer",
                  "template",
                  "sampling",
                  "settings",
                  "key"),
              entry(
                  "cluster",
                  "engine",
                  "slice",
                  "step",
                  "logits",
                  "model",
                  "tensor",
                  "settings",
                  "key")));

  /// Room of `cluster` → the rooms that it may use; each may also use what `cluster` may.
  private static final Map<String, Set<String>> ROOM_MAY_USE =
      new TreeMap<>(
          Map.ofEntries(
              entry("port"),
              entry("loop", "port"),
              entry("tls", "port"),
              entry("wire", "port"),
              entry("rank", "wire", "loop", "port"),
              entry("membership", "rank", "wire", "port"),
              entry("root", "membership", "rank", "wire", "loop", "port")));

  /// Where this class and the other tests are.
  private static String tests() {
    return ArchitectureTest.class.getProtectionDomain().getCodeSource().getLocation().getPath();
  }

  /// Formats do not know those who choose among them; GGUF files have the tensors of a `.m` file.
  @Test
  void shouldNotLetFormatsUseTheirEntry() {
    for (Map.Entry<String, Set<String>> format :
        Map.of(
                "file",
                Set.of("file"),
                "dllama",
                Set.of("dllama", "file"),
                "gguf",
                Set.of("gguf", "dllama", "file"),
                "meta",
                Set.of("meta", "file"),
                "safetensors",
                Set.of("safetensors", "file"),
                "hf",
                Set.of("hf", "safetensors", "file"))
            .entrySet()) {
      String[] open =
          format.getValue().stream().map("dllama.format.%s"::formatted).toArray(String[]::new);
      noClasses()
          .that()
          .resideInAPackage("dllama.format." + format.getKey())
          .should()
          .dependOnClassesThat(
              resideInAPackage("dllama.format..").and(not(resideInAnyPackage(open))))
          .check(CLASSES);
    }
  }

  private static Map.Entry<String, Set<String>> entry(String name, String... mayUse) {
    return Map.entry(name, Set.of(mayUse));
  }

  @TestFactory
  Stream<DynamicTest> shouldUseOnlyThePackagesBelow() {
    return MAY_USE.entrySet().stream()
        .map(
            rule ->
                DynamicTest.dynamicTest(
                    rule.getKey(), () -> shouldUseOnly(rule.getKey(), rule.getValue())));
  }

  private static void shouldUseOnly(String name, Set<String> allowed) {
    String[] open =
        Stream.concat(Stream.of(name, "error", "files"), allowed.stream())
            .map(other -> "dllama.%s..".formatted(other))
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideInAPackage("dllama.%s..".formatted(name))
        .should()
        .dependOnClassesThat(resideInAPackage("dllama..").and(not(resideInAnyPackage(open))))
        .check(CLASSES);
  }

  @TestFactory
  Stream<DynamicTest> shouldUseOnlyTheRoomsBelow() {
    return ROOM_MAY_USE.entrySet().stream()
        .map(
            rule ->
                DynamicTest.dynamicTest(
                    rule.getKey(), () -> shouldUseOnlyRooms(rule.getKey(), rule.getValue())));
  }

  private static void shouldUseOnlyRooms(String name, Set<String> allowed) {
    String[] open =
        Stream.concat(Stream.of(name), allowed.stream())
            .map("dllama.cluster.%s"::formatted)
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideInAPackage("dllama.cluster." + name)
        .should()
        .dependOnClassesThat(
            resideInAPackage("dllama.cluster..").and(not(resideInAnyPackage(open))))
        .check(CLASSES);
  }

  @Test
  void shouldHaveARuleForEveryPackageButTheCommandLine() {
    Set<String> packages =
        CLASSES.stream()
            .map(type -> type.getPackageName().split("\\.")[1])
            .filter(name -> !name.equals("cli"))
            .collect(Collectors.toSet());
    assertEquals(MAY_USE.keySet(), packages);
  }

  @Test
  void shouldHaveARuleForEveryRoom() {
    Set<String> rooms =
        CLASSES.stream()
            .map(JavaClass::getPackageName)
            .filter(name -> name.startsWith("dllama.cluster."))
            .map(name -> name.substring("dllama.cluster.".length()))
            .collect(Collectors.toSet());
    assertEquals(ROOM_MAY_USE.keySet(), rooms);
  }

  @Test
  void shouldHaveNoCycles() {
    slices().matching("dllama.(*)..").should().beFreeOfCycles().check(CLASSES);
    slices().matching("dllama.cluster.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void shouldConfineTheVectorApi() {
    shouldConfine("jdk.incubator.vector..", "dllama.tensor..");
  }

  @Test
  void shouldConfineAkka() {
    shouldConfine("akka..", "dllama.cluster..", "dllama.api..");
  }

  @Test
  void shouldConfineCertificates() {
    shouldConfine("org.bouncycastle..", "dllama.cluster.tls..");
  }

  @Test
  void shouldConfineTypesafeConfig() {
    shouldConfine("com.typesafe.config..", "dllama.settings..", "dllama.cluster..");
  }

  @Test
  void shouldConfineTheTerminal() {
    shouldConfine("org.jline..", "dllama.cli..");
  }

  @Test
  void shouldConfineJson() {
    shouldConfine(
        "com.fasterxml..",
        "dllama.api..",
        "dllama.cli..",
        "dllama.cluster..",
        "dllama.constraint..",
        "dllama.format..",
        "dllama.hub..",
        "dllama.reply..");
  }

  private static void shouldConfine(String what, String... to) {
    noClasses()
        .that()
        .resideOutsideOfPackages(to)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(what)
        .check(CLASSES);
  }

  @Test
  void shouldLeaveStandardStreamsAndExitToTheCommandLine() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dllama.cli..")
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .orShould()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(System.class, "getenv", String.class)
        .check(CLASSES);
  }
}
