package dllama.api.service;

import akka.http.javadsl.model.HttpResponse;
import dllama.api.http.ApiException;
import dllama.api.http.Call;
import dllama.api.http.EventStream;
import dllama.error.UserException;
import dllama.generation.Generation;
import dllama.generation.GenerationRequest;
import dllama.generation.Guidance;
import dllama.generation.Scheduler;
import dllama.generation.Sink;
import dllama.generation.Speculation;
import dllama.sampling.Penalties;
import dllama.sampling.Sampler;
import dllama.sampling.SamplingParameters;
import dllama.session.ChatPrompts;
import dllama.session.ContextLimit;
import dllama.session.Conversation;
import dllama.session.JinjaPrompts;
import dllama.session.Root;
import dllama.settings.Settings;
import dllama.step.ForwardException;
import dllama.template.PromptPart;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Has questions of all dialects answered by the one [Scheduler]. Any thread.
public final class Answerer implements AutoCloseable {
  private final Root root;
  private final Scheduler scheduler;
  private final ChatPrompts prompts;
  private final ContextLimit limit;
  private final Settings settings;
  private final Admission admission;
  private final Shapes shapes;
  private final AtomicLong seeds = new AtomicLong(System.nanoTime() | 1);
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("api-timer").factory());

  public Answerer(
      Root root, Scheduler scheduler, ChatPrompts prompts, ContextLimit limit, Settings settings) {
    this.root = root;
    this.scheduler = scheduler;
    this.prompts = prompts;
    this.limit = limit;
    this.settings = settings;
    admission = new Admission(settings.api());
    shapes = new Shapes(prompts);
    timer.setRemoveOnCancelPolicy(true); // or every answer would be kept for its time limit
  }

  /// How prompts are made.
  public ChatPrompts prompts() {
    return prompts;
  }

  /// The text of a chat's prompt.
  ///
  /// @throws ApiException if there is no such prompt
  public String text(Conversation conversation, Ask.Tools tools) {
    try {
      return prompts.text(shapes.prepared(conversation, tools));
    } catch (UserException e) {
      throw ApiException.bad(String.valueOf(e.getMessage()));
    }
  }

  /// The most tokens of a prompt and its answer.
  public int contextLength() {
    return limit.reserved();
  }

  /// Who is answered, and who waits.
  public Admission admission() {
    return admission;
  }

  /// Tokens of a prompt.
  ///
  /// @param tools that the model is told of
  /// @throws ApiException if there is no such prompt
  public ChatPrompts.Prompt encode(Ask.Prompt prompt, Ask.Tools tools) {
    try {
      return switch (prompt) {
        case Ask.Prompt.Chat(var conversation) ->
            prompts.encode(shapes.prepared(conversation, tools));
        case Ask.Prompt.Text(String text) ->
            new ChatPrompts.Prompt(prompts.tokenizer().encodePrompt(text), "");
        case Ask.Prompt.Parts(List<Ask.Piece> pieces) ->
            new ChatPrompts.Prompt(
                JinjaPrompts.encode(
                    prompts.tokenizer(),
                    pieces.stream().map(p -> new PromptPart(p.text(), p.said())).toList()),
                "");
        case Ask.Prompt.Tokens(List<Integer> ids) ->
            new ChatPrompts.Prompt(ids.stream().mapToInt(Integer::intValue).toArray(), "");
      };
    } catch (UserException e) {
      throw ApiException.bad(String.valueOf(e.getMessage()));
    }
  }

  /// Begins to answer. Waits until the root is ready, if it will be soon.
  ///
  /// @param caller whose request it is, for limits
  /// @param sink takes the events, on the scheduler's thread, and must not wait; false: no more
  /// @throws ApiException if it is not answered; there are no events then
  public Answering start(Ask ask, String caller, Predicate<AnswerEvent> sink)
      throws InterruptedException {
    return start(ask, encode(ask.prompt(), ask.tools()), caller, sink);
  }

  private Answering start(
      Ask ask, ChatPrompts.Prompt prompt, String caller, Predicate<AnswerEvent> sink)
      throws InterruptedException {
    long asked = System.nanoTime();
    check(ask, prompt);
    GenerationRequest request = request(ask, prompt);
    Admission.Place place = admission.enter(caller);
    boolean begun = false;
    try {
      var adapter =
          new AnswerSink(
              ask, prompt, shapes.parser(ask, prompt.opening()), asked, sink, place::leave);
      awaitReady();
      Generation generation = submitClaimed(request, adapter);
      generation.whenEnded(place::leave); // also where no event tells of the end
      begun = true;
      limitTime(generation);
      return new Answering(generation);
    } finally {
      if (!begun) {
        place.leave();
      }
    }
  }

  /// Has several answers made, and waits for them; if the caller goes, they are not needed.
  ///
  /// @throws ApiException if one of them is not completed
  public List<WholeAnswer> await(List<Ask> asks, Call call) throws InterruptedException {
    List<WholeAnswer> answers = new ArrayList<>();
    List<Answering> under = new ArrayList<>();
    try {
      Encoded encoded = new Encoded();
      for (Ask ask : asks) {
        WholeAnswer answer = new WholeAnswer();
        answers.add(answer);
        under.add(start(ask, encoded.of(ask), call.caller(), answer));
      }
      call.whenGone(() -> under.forEach(Answering::cancel));
      under.forEach(Answering::await);
    } finally {
      under.forEach(Answering::cancel);
    }
    answers.forEach(WholeAnswer::check);
    return answers;
  }

  /// Begins answers that are sent while they are made; all of them end when the caller goes.
  ///
  /// @param sinks what takes the events of each
  /// @param events that the sinks send to; ended if one of the answers is not begun
  /// @throws ApiException if one of them is not begun, and then none goes on
  public HttpResponse stream(List<Ask> asks, Sinks sinks, EventStream events, Call call)
      throws InterruptedException {
    List<Answering> under = new ArrayList<>();
    boolean begun = false;
    try {
      Encoded encoded = new Encoded();
      for (Ask ask : asks) {
        ChatPrompts.Prompt prompt = encoded.of(ask);
        Predicate<AnswerEvent> sink = sinks.open(under.size(), prompt.tokens().length);
        under.add(start(ask, prompt, call.caller(), sink));
      }
      begun = true;
    } finally {
      if (!begun) {
        under.forEach(Answering::cancel);
        events.end();
      }
    }
    call.whenGone(() -> under.forEach(Answering::cancel));
    return events.response();
  }

  /// Makes what takes the events of an answer.
  @FunctionalInterface
  public interface Sinks {
    /// Makes one.
    ///
    /// @param index of the answer
    /// @param tokens of its prompt
    Predicate<AnswerEvent> open(int index, int tokens);
  }

  /// Encodes a prompt once, however many answers to it follow each other.
  private final class Encoded {
    private @Nullable Ask last;
    private ChatPrompts.Prompt prompt = new ChatPrompts.Prompt(new int[0], "");

    ChatPrompts.Prompt of(Ask ask) {
      Ask before = last;
      if (before == null
          || !ask.prompt().equals(before.prompt())
          || !ask.tools().equals(before.tools())) {
        prompt = encode(ask.prompt(), ask.tools());
      }
      last = ask;
      return prompt;
    }
  }

  private void limitTime(Generation generation) {
    Future<?> limiting = afterTimeLimit(generation::cancel);
    generation.whenEnded(() -> limiting.cancel(false));
  }

  /// Runs something when a request that begins now has taken too long, unless that is cancelled.
  Future<?> afterTimeLimit(Runnable action) {
    return timer.schedule(action, settings.api().timeLimit().toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Does something with a claim on the world. Waits until the root is ready, if it will be soon.
  ///
  /// @throws ApiException if it will not
  <T> T whileReady(Supplier<T> action) throws InterruptedException {
    awaitReady();
    try {
      return action.get();
    } finally {
      root.release();
    }
  }

  private void check(Ask ask, ChatPrompts.Prompt prompt) {
    int length = prompt.tokens().length;
    if (length == 0) {
      throw ApiException.bad("prompt", "must not be empty");
    }
    if (length >= limit.reserved()) {
      throw ApiException.of(
          400, limit.promptTooLong(length), "messages", "context_length_exceeded");
    }
    for (int id : prompt.tokens()) {
      if (id < 0 || id >= prompts.vocabulary().size()) {
        throw ApiException.bad(
            "prompt", "has a token %d, and the model has %d".formatted(id, vocabularySize()));
      }
    }
    for (int id : ask.sampling().bias().keySet()) {
      if (id < 0 || id >= vocabularySize()) {
        throw ApiException.bad(
            "logit_bias", "names token %d, and the model has %d".formatted(id, vocabularySize()));
      }
    }
  }

  private int vocabularySize() {
    return prompts.vocabulary().size();
  }

  private GenerationRequest request(Ask ask, ChatPrompts.Prompt prompt) {
    int room = limit.reserved() - prompt.tokens().length + 1;
    int most = (int) Math.min(ask.maxTokens().orElse(Integer.MAX_VALUE), room);
    List<String> stops =
        Stream.concat(prompts.endTexts().stream(), ask.stops().stream()).distinct().toList();
    Set<Integer> ends = ask.keepsEnd() ? prompts.endIds() : Set.of();
    Speculation speculation = Speculation.of(settings.promptLookup().orElse(null));
    return new GenerationRequest(
        prompt.tokens(), most, sampler(ask), ends, stops, speculation, guidance(ask, prompt));
  }

  private Sampler sampler(Ask ask) {
    Settings.Sampler usual = settings.sampler();
    Ask.Sampling given = ask.sampling();
    return Sampler.of(
        new SamplingParameters(
            given.temperature().map(Double::floatValue).orElse(usual.temperature()),
            given.topp().map(Double::floatValue).orElse(usual.topp()),
            given.topk().orElse(usual.topk()),
            given.minp().map(Double::floatValue).orElse(usual.minp())),
        given.seed().orElseGet(() -> usual.seed().orElseGet(() -> seeds.addAndGet(2))));
  }

  private Guidance guidance(Ask ask, ChatPrompts.Prompt prompt) {
    Settings.Penalties usual = settings.sampler().penalties();
    Ask.Sampling given = ask.sampling();
    Penalties penalties =
        new Penalties(
            given.repeat().map(Double::floatValue).orElse(usual.repeat()),
            usual.repeatLast(),
            given.presence().map(Double::floatValue).orElse(usual.presence()),
            given.frequency().map(Double::floatValue).orElse(usual.frequency()));
    return new Guidance(penalties, given.bias(), shapes.mask(ask, prompt), ask.logprobs());
  }

  /// Takes a claim on the world; whoever calls gives it back when the answer has ended.
  private void awaitReady() throws InterruptedException {
    try {
      root.awaitReady(Ask.PATIENCE);
    } catch (ForwardException e) {
      root.release();
      throw unavailable(e);
    } catch (InterruptedException e) {
      root.release();
      throw e;
    }
  }

  static ApiException unavailable(ForwardException e) {
    return ApiException.later(503, "the nodes are not ready: " + e.getMessage(), "not_ready", 5);
  }

  /// Submits with a claim, which is given back when it has ended.
  private Generation submitClaimed(GenerationRequest request, Sink sink) {
    boolean begun = false;
    try {
      Generation generation = submit(request, sink);
      generation.whenEnded(root::release);
      begun = true;
      return generation;
    } finally {
      if (!begun) {
        root.release();
      }
    }
  }

  /// Has a request computed; whoever calls has a claim on the world.
  ///
  /// @throws ApiException if too many wait
  Generation submit(GenerationRequest request, Sink sink) {
    try {
      return scheduler.submit(request, sink);
    } catch (UserException e) {
      throw ApiException.later(429, String.valueOf(e.getMessage()), "queue_full", 2);
    }
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }
}
