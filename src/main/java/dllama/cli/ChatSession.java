package dllama.cli;

import dllama.error.UserException;
import dllama.generation.GenerationEvent;
import dllama.generation.GenerationEvent.Failed;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Interrupted;
import dllama.generation.GenerationEvent.Prefill;
import dllama.generation.GenerationEvent.Reason;
import dllama.generation.GenerationEvent.Token;
import dllama.generation.GenerationRequest;
import dllama.generation.Guidance;
import dllama.generation.Scheduler;
import dllama.generation.Sink;
import dllama.generation.Speculation;
import dllama.generation.Usage;
import dllama.sampling.Sampler;
import dllama.session.ChatPrompts;
import dllama.session.ContextLimit;
import dllama.step.ForwardPass;
import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.ChatTemplate.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A conversation with the model: what was said is in the cache, each question adds to it. One
/// thread.
///
/// What the model sees is at any time what the template makes of the whole conversation, token for
/// token. An answer counts with the tokens that the model gave, so that none has to be fed again;
/// one that was stopped, or ended at a limit, is what was said until then, and the template ends it
/// as any other. A question that the model did not begin to answer was not said.
final class ChatSession implements AutoCloseable {
  private final ForwardPass forwardPass;
  private final ChatPrompts prompts;
  private final Sampler sampler;
  private final Scheduler scheduler;
  private final Speculation speculation;
  private final Guidance guidance;

  /// What was said, but for the system prompt.
  private final List<Message> said = new ArrayList<>();

  private Optional<String> system;

  /// Tokens said so far.
  private int position;

  /// @param scheduler that answers; closed with this session
  ChatSession(
      ForwardPass forwardPass,
      Scheduler scheduler,
      ChatPrompts prompts,
      Sampler sampler,
      Speculation speculation,
      Guidance guidance,
      Optional<String> system) {
    this.forwardPass = forwardPass;
    this.scheduler = scheduler;
    this.prompts = prompts;
    this.sampler = sampler;
    this.system = system;
    this.speculation = speculation;
    this.guidance = guidance;
  }

  Optional<String> system() {
    return system;
  }

  /// Begins anew with another system prompt.
  void setSystem(Optional<String> text) {
    system = text;
    reset();
  }

  /// Forgets what was said.
  void reset() {
    position = 0;
    said.clear();
  }

  /// What was said, as texts: the system prompt if there is one, questions and answers in turn.
  List<Message> conversation() {
    List<Message> all = new ArrayList<>();
    system.ifPresent(text -> all.add(new Message(Role.SYSTEM, text)));
    for (Message message : said) {
      boolean ours = message.tokens() != null; // without what every answer begins with
      all.add(new Message(message.role(), (ours ? opening() : "") + message.text()));
    }
    return all;
  }

  /// Goes on with another conversation.
  ///
  /// @param all as [#conversation] gives it
  /// @throws UserException if it has no room here; then nothing has changed
  void resume(List<Message> all) {
    int tokens = 0;
    if (all.size() > 1) {
      tokens =
          prompts.encode(all.subList(0, all.size() - 1)).length
              + prompts.tokenizer().encode(all.getLast().text(), false, false).length;
    }
    if (tokens > contextLength()) {
      throw new UserException(
          "the conversation takes %d tokens of a context of %d; %s"
              .formatted(tokens, contextLength(), limit().advice()));
    }
    boolean begins = !all.isEmpty() && all.getFirst().role() == Role.SYSTEM;
    setSystem(begins ? Optional.of(all.getFirst().text()) : Optional.empty());
    said.addAll(all.subList(begins ? 1 : 0, all.size()));
    position = tokens;
  }

  /// Tokens said so far; the last one of a full context has no place in it any more.
  int position() {
    return Math.min(position, contextLength());
  }

  /// Questions and answers so far.
  int turns() {
    return said.size();
  }

  int contextLength() {
    return forwardPass.contextLength();
  }

  /// What every answer begins with, as the template says.
  String opening() {
    return prompts.opening();
  }

  /// Answers.
  ///
  /// @return why not, and then there was no event: a line for the user
  Optional<String> answer(String question, Sink sink) {
    return answer(List.copyOf(said), question, sink);
  }

  /// Answers the last question anew; the answer that it had is forgotten when the new one begins.
  ///
  /// @return as [#answer]
  Optional<String> answerAgain(Sink sink) {
    int question = said.size() - 2;
    return question < 0
        ? Optional.of("nothing was asked yet")
        : answer(List.copyOf(said.subList(0, question)), said.get(question).text(), sink);
  }

  private Optional<String> answer(List<Message> before, String question, Sink sink) {
    List<Message> messages = messages(before, question);
    int[] prompt = prompts.encode(messages);
    if (prompt.length > contextLength()) {
      return Optional.of(tooLong(question));
    }
    Answer answer = new Answer(sink);
    scheduler
        .submit(
            new GenerationRequest(
                prompt,
                contextLength(),
                sampler,
                prompts.endIds(),
                prompts.endTexts(),
                speculation,
                guidance),
            answer)
        .join();
    if (answer.began) {
      said.clear();
      said.addAll(before);
      said.add(messages.getLast());
      said.add(answer.message());
      position = prompt.length + answer.tokens.size();
    }
    return Optional.empty();
  }

  /// An answer on its way to the sink.
  private final class Answer implements Sink {
    private final Sink sink;
    private final List<Integer> tokens = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private boolean began;
    private boolean spelledOut;

    Answer(Sink sink) {
      this.sink = sink;
    }

    @Override
    public boolean accept(GenerationEvent event) {
      switch (event) {
        case Token(int id, String shown, var _) -> {
          began = true;
          tokens.add(id);
          text.append(shown);
        }
        case Finished(Reason reason, Usage _, var _) -> {
          boolean ended = !tokens.isEmpty() && prompts.endIds().contains(tokens.getLast());
          if (ended) {
            tokens.removeLast();
          }
          spelledOut = reason == Reason.STOP && !ended;
        }
        case Prefill _, Interrupted _, Failed _ -> {}
      }
      return sink.accept(event);
    }

    /// Of an end that was spelled out, and may begin within a token, only the text tells what
    /// stands in front.
    Message message() {
      int[] given = tokens.stream().mapToInt(Integer::intValue).toArray();
      String shown = text.toString();
      return Message.answer(
          shown, spelledOut ? prompts.tokenizer().encode(shown, false, false) : given);
    }
  }

  private List<Message> messages(List<Message> before, String question) {
    List<Message> messages = new ArrayList<>();
    system.ifPresent(text -> messages.add(new Message(Role.SYSTEM, text)));
    messages.addAll(before);
    messages.add(new Message(Role.USER, question));
    return messages;
  }

  private String tooLong(String question) {
    ContextLimit limit = limit();
    int withSystem = system.map(prompts::withoutQuestion).orElse(0);
    if (withSystem >= limit.reserved()) {
      return limit.systemTooLong(withSystem);
    }
    int alone = prompts.encode(messages(List.of(), question)).length;
    return alone > limit.reserved() ? limit.questionTooLong(alone, withSystem) : full();
  }

  /// That there is no room for another token, and what can be done.
  String full() {
    return "the context of %d tokens is full: /reset starts over; %s"
        .formatted(contextLength(), limit().advice());
  }

  private ContextLimit limit() {
    return new ContextLimit(contextLength(), forwardPass.spec().contextLength());
  }

  @Override
  public void close() {
    scheduler.close();
  }
}
