package dllama.cli;

import dllama.error.UserException;
import dllama.generation.GenerationEvent;
import dllama.generation.GenerationEvent.Failed;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Interrupted;
import dllama.generation.GenerationEvent.Prefill;
import dllama.generation.GenerationEvent.Reason;
import dllama.generation.GenerationEvent.Token;
import dllama.generation.Sink;
import dllama.generation.Usage;
import dllama.session.Root;
import dllama.step.ForwardException;
import dllama.tokenizer.ChatTemplate.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The model of this root answers, as soon as its nodes are there.
final class LocalPartner implements Partner {
  private final Root root;
  private final ChatSession session;
  private final ModelFacts facts;
  private volatile boolean stopped;

  /// Who waits for the nodes; null while nobody does.
  private volatile @Nullable Thread waiting;

  private @Nullable Usage last;

  /// @param root whose nodes were waited for, and may change until the first question
  /// @param session closed with this
  /// @param facts all but the nodes
  LocalPartner(Root root, ChatSession session, ModelFacts facts) {
    this.root = root;
    this.session = session;
    this.facts = facts;
    root.release();
  }

  @Override
  public Optional<String> system() {
    return session.system();
  }

  @Override
  public void setSystem(Optional<String> text) {
    session.setSystem(text);
    last = null;
  }

  @Override
  public void reset() {
    session.reset();
    last = null;
  }

  @Override
  public List<Message> conversation() {
    return session.conversation();
  }

  @Override
  public void resume(List<Message> conversation) {
    session.resume(conversation);
    last = null;
  }

  @Override
  public Optional<String> answer(String question, Listener to) {
    return whenReady(sink -> session.answer(question, sink), to);
  }

  @Override
  public Optional<String> answerAgain(Listener to) {
    return whenReady(session::answerAgain, to);
  }

  private Optional<String> whenReady(Function<Sink, Optional<String>> answer, Listener to) {
    stopped = false;
    waiting = Thread.currentThread();
    try {
      root.awaitReady();
      waiting = null;
      return answer.apply(event -> show(event, to));
    } catch (UserException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      return Optional.of("not asked");
    } finally {
      waiting = null;
      root.release();
      Thread.interrupted(); // a Ctrl-C that came as the waiting ended is for this question only
    }
  }

  private boolean show(GenerationEvent event, Listener to) {
    switch (event) {
      case Prefill(int done, int total) -> {
        if (done == total) {
          to.text(session.opening());
        }
      }
      case Interrupted _ -> {} // the lines about the cluster say so
      case Token(int _, String text, var _) -> to.text(text);
      case Failed failed -> {
        to.failed(failed.why());
        if (failed.cause() instanceof ForwardException) {
          to.failed("the answer ends here");
        }
      }
      case Finished(Reason reason, Usage usage, var _) -> {
        last = usage;
        boolean full = reason == Reason.CONTEXT || reason == Reason.LENGTH;
        to.ended(
            (reason == Reason.CANCELLED ? "stopped; " : "") + Timing.line(usage),
            full ? Optional.of(session.full()) : Optional.empty());
      }
    }
    return !stopped;
  }

  @Override
  public void stop() {
    stopped = true;
    Thread asking = waiting;
    if (asking != null) {
      asking.interrupt();
    }
  }

  @Override
  public ModelFacts model() {
    int nodes = 0;
    try {
      nodes = root.nodes(OptionalInt.empty()).computing().size();
    } catch (UserException e) {
      // they form anew just now
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return facts.with(nodes);
  }

  @Override
  public List<String> stats() {
    List<String> lines = new ArrayList<>();
    lines.add("computing with " + root.kernels().text());
    lines.add(
        "%d of %d tokens of the context are used"
            .formatted(session.position(), session.contextLength()));
    if (last != null) {
      lines.add(
          "last question: %d tokens, %.1f tokens/s"
              .formatted(last.prefillTokens(), last.prefillTokensPerSecond()));
      lines.add("last answer: " + Timing.line(last));
      Timing.guesses(last).ifPresent(lines::add);
      lines.add(
          "per token sent %.1f kB, received %.1f kB"
              .formatted(last.sentBytes() / 1024.0, last.receivedBytes() / 1024.0));
    }
    lines.addAll(NodeLines.of(root));
    return lines;
  }

  @Override
  public List<String> nodes(Optional<String> wanted) {
    return NodesCommand.run(root, wanted);
  }

  @Override
  public void close() {
    session.close();
  }
}
