package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.cluster.root.NodesHere;
import dllama.error.UserException;
import dllama.format.SynthVocabulary;
import dllama.generation.Guidance;
import dllama.generation.Recovery;
import dllama.generation.Scheduler;
import dllama.generation.Speculation;
import dllama.model.ModelSpec;
import dllama.model.Shapes;
import dllama.sampling.Sampler;
import dllama.session.ChatPrompts;
import dllama.session.Root;
import dllama.step.ForwardPass;
import dllama.tensor.DType;
import dllama.tensor.KernelReport;
import dllama.tokenizer.ChatTemplate;
import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplTest {
  private static final ModelSpec SPEC = Shapes.spec("tiny", DType.Q4_0);
  private static final Vocabulary VOCABULARY = SynthVocabulary.of(SPEC.vocabSize());
  private static final int END = VOCABULARY.eosIds().getFirst();

  private final ScriptedModel model = new ScriptedModel(SPEC, END);
  private final Recorder console = new Recorder();
  @TempDir Path folder;
  private boolean quiet;
  private int keep;
  private LocalDateTime began = LocalDateTime.parse("2026-01-02T03:04:05.006");
  private ChatSession session = session(Speculation.off());

  /// Nodes that are asked for, and whether the world may change.
  private int wanted;

  private boolean released;

  private ChatSession session(Speculation speculation) {
    return new ChatSession(
        model,
        new Scheduler(model, VOCABULARY, 1),
        new ChatPrompts(VOCABULARY, ChatTemplate.LLAMA3),
        new Sampler.Greedy(),
        speculation,
        Guidance.NONE,
        Optional.of("Be brief"));
  }

  @Test
  void shouldAnswerUntilTheEndTokenAndSayWhatItTook() {
    model.answer("Hi!");
    run("Hello", "/exit", "never read");
    assertEquals("Hi!\n", console.printed());
    assertTrue(console.notes.getFirst().startsWith("4 tokens, "), console.notes.toString());
    assertEquals(1, console.lines.size());
  }

  @Test
  void shouldForgetWhatTheLastAnswerTookWhenStartingOver() {
    model.answer("Hi!");
    run("Hello", "/reset", "/stats");
    assertEquals("0 of 2048 tokens of the context are used", console.notes.getLast());
    assertTrue(console.notes.contains("computing with 256 bit, prefill 4 tokens a pass"));
  }

  @Test
  void shouldTellHowManyGuessesWereAccepted() {
    session = session(Speculation.always());
    model.answer("abcd abcd abcd");
    run("Hello", "/stats");
    assertEquals("abcd abcd abcd\n", console.printed());
    String line = console.notes.get(console.notes.size() - 2);
    assertTrue(
        line.matches(
            "prompt lookup: \\d+ of \\d+ guessed tokens accepted, 14 tokens in \\d+ steps"),
        console.notes.toString());
  }

  @Test
  void shouldFeedOnlyWhatIsNew() {
    model.answer("A");
    model.answer("B");
    run("one", "two");
    int afterFirst = model.positions.stream().mapToInt(i -> i).max().orElse(0);
    assertTrue(model.fed.size() > 10);
    assertEquals(afterFirst + 1, model.fed.size(), "every position is fed once");
  }

  @Test
  void shouldStopTheAnswerOnInterrupt() {
    model.answer("A long answer that nobody wants");
    console.interruptAfter = 3;
    run("Hello", "/stats");
    assertEquals("A l\n", console.printed());
    assertTrue(console.notes.getFirst().startsWith("stopped; "), console.notes.toString());
  }

  @Test
  void shouldSayWhenAQuestionIsLongerThanTheContext() {
    run("/system -", "word ".repeat(2000));
    assertEquals(
        "the question is longer than the context of 2048 tokens; this model has no more",
        console.notes.getLast());
    assertEquals("", console.printed());
  }

  @Test
  void shouldSayWhatOfTheContextTheSystemPromptTakes() {
    run("word ".repeat(2000));
    assertEquals(
        "the question takes 8000 tokens, and the system prompt 41, of a context of 2048; this model"
            + " has no more",
        console.notes.getFirst());
    run("/system " + "word ".repeat(2000), "Hello");
    assertEquals(
        "the system prompt takes 8034 tokens of a context of 2048, so no question fits: use a"
            + " shorter one; this model has no more",
        console.notes.getLast());
  }

  @Test
  void shouldAdviseALongerContextWhereTheModelHasIt() {
    model.reserve(100);
    run("/system -", "word ".repeat(100));
    assertEquals(
        "the question is longer than the context of 100 tokens; --max-seq-len N reserves more, up"
            + " to 2048",
        console.notes.getLast());
  }

  @Test
  void shouldSayWhenTheContextIsFull() {
    model.answer("An answer");
    run("Hello", "word ".repeat(495));
    assertTrue(console.notes.getLast().contains("/reset starts over"), console.notes.toString());
  }

  @Test
  void shouldGoOnAfterTheClusterWasLost() {
    model.failures.add("the worker at 10.0.0.2 is gone");
    model.answer("Back");
    run("Hello", "Hello again");
    assertEquals("the worker at 10.0.0.2 is gone", console.notes.getFirst());
    assertTrue(console.printed().endsWith("Back\n"), console.printed());
  }

  @Test
  void shouldObeyCommands() {
    model.answer("A");
    run("one", "/reset", "/system Other", "/system", "/system -", "/help", "  ");
    assertEquals(0, session.position());
    assertTrue(session.system().isEmpty());
    assertTrue(console.notes.contains("system prompt: Other"));
    assertTrue(console.notes.contains("system prompt: none"));
    assertTrue(console.notes.getLast().contains("/help"), console.notes.getLast());
    assertFalse(console.printed().contains("/"), console.printed());
  }

  @Test
  void shouldShowNodesAndAskForOthers() {
    model.answer("A");
    run("one", "/nodes");
    assertEquals(
        List.of(
            "1 node computes: this root", "others that are here: 10.0.0.2:1", "nodes wanted: auto"),
        console.notes.subList(1, 4));
    run("/nodes 4");
    assertEquals("nodes wanted: 4, of which 2 are not here yet", console.notes.getLast());
    run("/nodes 3");
    assertEquals("/nodes 3: this model runs on 1, 2, 4 nodes", console.notes.getLast());
    run("/nodes 2", "/nodes");
    assertEquals("nodes wanted: 2", console.notes.getLast());
    run("/nodes auto");
    assertEquals("nodes wanted: auto", console.notes.getLast());
  }

  /// Or the nodes could change between two questions only if there was no answer.
  @Test
  void shouldLetTheNodesChangeWheneverNobodyIsAnswered() {
    model.failures.add("the worker at 10.0.0.2 is gone");
    run("Hello");
    assertTrue(released);
    run("/system -", "word ".repeat(2000));
    assertTrue(released);
  }

  @Test
  void shouldTakeForACommandOnlyWhatIsOne() {
    for (String command :
        List.of(
            "/help",
            "/system",
            "/system Be kind",
            "/reset ",
            "/stats",
            "/nodes",
            "/nodes 2",
            "/nodes auto",
            "/regen",
            "/save",
            "/save it",
            "/load ../it",
            "/exit")) {
      assertTrue(Repl.isCommand(command), command);
    }
    for (String question :
        List.of(
            "/etc/fstab what is it?",
            "// int main",
            "/",
            "/nonsense",
            "/helpme",
            "/reset the router, how?",
            "/exit now",
            "/nodes of a tree?",
            "/save the whales",
            "/model T?",
            "/nodes 0",
            " /help",
            " /system is a folder?")) {
      assertFalse(Repl.isCommand(question), question);
    }
    model.answer("A file");
    run("/etc/fstab what is it?", " /stats");
    assertEquals("A file\n", console.printed());
    assertEquals(4, session.turns(), "questions and answers");
  }

  @Test
  void shouldAnswerTheLastQuestionAnew() {
    run("/regen");
    assertEquals("nothing was asked yet", console.notes.getLast());
    model.answer("One");
    model.answer("Two");
    model.answer("Three");
    run("Hello", "More", "/regen");
    assertEquals("One\nTwo\nThree\n", console.printed());
    assertEquals(
        List.of("Be brief", "Hello", "One", "More", "Three"),
        session.conversation().stream().map(Message::text).toList());
  }

  @Test
  void shouldKeepTheOldAnswerIfThereIsNoNewOne() {
    model.answer("One");
    run("Hello");
    model.failures.add("the worker at 10.0.0.2 is gone");
    run("/regen");
    assertEquals(
        List.of("Be brief", "Hello", "One"),
        session.conversation().stream().map(Message::text).toList());
  }

  @Test
  void shouldGoOnWithWhatWasSaved() {
    run("/save it", "/load");
    assertEquals(
        List.of("nothing was said yet that could be saved", "nothing is saved yet"), console.notes);
    model.answer("One");
    run("Hello", "/save it", "/system Other", "/load it", "/load");
    assertEquals("going on with it, 1 question so far", console.notes.get(5));
    assertEquals("saved: it", console.notes.getLast());
    assertEquals(Optional.of("Be brief"), session.system());
    int position = session.position();
    assertTrue(position > 10, "position=" + position);
    model.answer("Two");
    run("More", "/load ../it", "/load none");
    assertEquals(
        List.of("Be brief", "Hello", "One", "More", "Two"),
        session.conversation().stream().map(Message::text).toList());
    assertTrue(
        console.notes.contains("no conversation is saved as none; /load lists them"),
        console.notes.toString());
  }

  @Test
  void shouldKeepTheChatByItselfAndGoOnWithIt() {
    keep = 2;
    run("/load last");
    assertEquals(List.of("no chat was kept yet to go on with"), console.notes);
    SavedChats saved = new SavedChats(folder);
    model.answer("One");
    run("Hello");
    assertEquals(List.of("auto-2026-01-02-030405-006"), saved.names());
    assertEquals(session.conversation(), saved.load("auto-2026-01-02-030405-006"));
    began = began.plusMinutes(1); // as if the process had ended here
    model.answer("Two");
    run("/reset", "/load last", "More");
    assertEquals(
        List.of("Be brief", "Hello", "One", "More", "Two"),
        saved.load("auto-2026-01-02-030405-006").stream().map(Message::text).toList());
    model.answer("Three");
    run("/reset", "Other");
    assertEquals(2, saved.names().size(), "another chat has another name");
    assertEquals(
        List.of("Be brief", "Other", "Three"),
        saved.load("auto-2026-01-02-030505-006").stream().map(Message::text).toList());
  }

  @Test
  void shouldShowTheModel() {
    run("/model");
    assertEquals(
        List.of(
            "model         tiny",
            "architecture  LLAMA",
            "weights       q40",
            "context       2048 tokens",
            "computed by   1 node"),
        console.notes);
  }

  @Test
  void shouldSayNothingUnaskedIfQuiet() {
    quiet = true;
    model.answer("Hi!");
    run("Hello");
    assertEquals("Hi!\n", console.printed());
    assertEquals(List.of(), console.notes);
    model.failures.add("the worker at 10.0.0.2 is gone");
    run("Hello", "/system");
    assertEquals("the worker at 10.0.0.2 is gone", console.notes.getFirst());
    assertEquals("system prompt: Be brief", console.notes.getLast());
  }

  private void run(String... lines) {
    console.lines.addAll(List.of(lines));
    Root root =
        new Root() {
          @Override
          public ForwardPass forwardPass() {
            return model;
          }

          @Override
          public Ready awaitReady() {
            released = false;
            return new Ready(1, 0);
          }

          @Override
          public Ready awaitReady(Duration most) {
            return awaitReady();
          }

          @Override
          public Recovery recovery() {
            return Recovery.NONE;
          }

          @Override
          public void release() {
            released = true;
          }

          @Override
          public NodesHere nodes(OptionalInt number) {
            if (number.equals(OptionalInt.of(3))) {
              throw new UserException("/nodes 3: this model runs on 1, 2, 4 nodes");
            }
            assertTrue(released, "nobody is answered");
            wanted = number.orElse(wanted);
            return new NodesHere(wanted, List.of("10.0.0.1:9990"), List.of("10.0.0.2:1"), "");
          }

          @Override
          public KernelReport kernels() {
            return new KernelReport(256, List.of("prefill 4 tokens a pass"));
          }

          @Override
          public KernelReport awaitKernels() {
            return kernels();
          }

          @Override
          public void awaitRehearsed() {}

          @Override
          public void close() {}
        };
    ModelFacts facts = new ModelFacts("tiny", "LLAMA", "q40", SPEC.contextLength(), 0, "");
    SavedChats saved = new SavedChats(folder);
    ChatKeeper keeper = new ChatKeeper(saved, keep, () -> began);
    new Repl(new LocalPartner(root, session, facts), console, saved, keeper, quiet).run();
  }

  /// A console with lines to read.
  private static final class Recorder implements ChatConsole {
    private final Deque<String> lines = new ArrayDeque<>();
    private final List<String> prints = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private int interruptAfter = Integer.MAX_VALUE;
    private @Nullable Runnable interrupt;

    String printed() {
      return String.join("", prints);
    }

    @Override
    public @Nullable String read() {
      return lines.poll();
    }

    @Override
    public void print(String text) {
      prints.add(text);
      if (interrupt != null && printed().length() == interruptAfter) {
        interrupt.run();
      }
    }

    @Override
    public void thought(String text) {
      prints.add("(" + text + ")");
    }

    @Override
    public void endLine() {
      if (!printed().isEmpty() && !printed().endsWith("\n")) {
        print("\n");
      }
    }

    @Override
    public void note(String line) {
      notes.add(line);
    }

    @Override
    public void onInterrupt(@Nullable Runnable action) {
      interrupt = action;
    }

    @Override
    public void close() {}
  }
}
