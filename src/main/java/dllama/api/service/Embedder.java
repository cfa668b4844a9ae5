package dllama.api.service;

import dllama.api.http.ApiException;
import dllama.api.http.Call;
import dllama.generation.Generation;
import dllama.generation.GenerationEvent;
import dllama.generation.GenerationEvent.Failed;
import dllama.generation.GenerationRequest;
import dllama.generation.StateMean;
import dllama.step.ForwardException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Makes vectors of texts, for all dialects: the mean of the last hidden states of a text's tokens,
/// see [StateMean]. The texts of a request are read a few at a time, so that others have a place,
/// too. Any thread.
public final class Embedder {
  /// Texts of a request.
  public static final int MOST_TEXTS = 2048;

  /// Tokens of a request, but for a single text, which may have as many as the context.
  private static final int MOST_TOKENS = 300_000;

  /// Of an answer's vectors.
  private static final long MOST_BYTES = 64 << 20;

  private final Answerer answerer;
  private final int dim;
  private final int atOnce;

  /// @param answerer whose scheduler, limits and model these are
  /// @param dim of the model
  /// @param parallel texts and answers that are computed at once
  public Embedder(Answerer answerer, int dim, int parallel) {
    this.answerer = answerer;
    this.dim = dim;
    atOnce = Math.max(1, parallel / 2);
  }

  /// How vectors are told; what a value takes then, at the most and about.
  public enum Form {
    /// JSON numbers.
    NUMBERS(14),
    /// Floats in base64.
    BASE64(6);

    private final int bytes;

    Form(int bytes) {
      this.bytes = bytes;
    }
  }

  /// What stands for a text.
  ///
  /// @param mean of its tokens' states, `[dim]`
  public record Embedding(double[] mean, int tokens) {
    /// Of length 1, rounded; all 0 if the mean is.
    public float[] unit() {
      double squares = 0;
      for (double value : mean) {
        squares += value * value;
      }
      double length = squares == 0 ? 1 : Math.sqrt(squares);
      float[] unit = new float[mean.length];
      for (int i = 0; i < unit.length; i++) {
        unit[i] = (float) (mean[i] / length);
      }
      return unit;
    }

    /// As it is, rounded.
    public float[] plain() {
      float[] plain = new float[mean.length];
      for (int i = 0; i < plain.length; i++) {
        plain[i] = (float) mean[i];
      }
      return plain;
    }
  }

  /// Tokens of a text; names of special tokens are only text in it.
  public int[] tokens(String text) {
    return answerer.prompts().tokenizer().encode(text, true, false);
  }

  /// The most tokens of a text.
  public int mostTokens() {
    return answerer.contextLength();
  }

  /// Reads texts, and waits for that; if the caller goes, they are not needed.
  ///
  /// @param texts as tokens, in the order of the request
  /// @param field that they are in
  /// @param form in which the answer tells the vectors
  /// @throws ApiException naming the first text that can not be read, or if they are too many
  public List<Embedding> embed(List<int[]> texts, String field, Form form, Call call)
      throws InterruptedException {
    for (int i = 0; i < texts.size(); i++) {
      check(texts.get(i), texts.size() == 1 ? field : "%s[%d]".formatted(field, i));
    }
    checkAll(texts, field, form);
    Admission.Place place = answerer.admission().enter(call.caller());
    try {
      return answerer.whileReady(
          () -> {
            Reading reading = new Reading();
            call.whenGone(reading::cancel);
            var limit = answerer.afterTimeLimit(reading::cancel);
            try {
              return reading.all(texts);
            } finally {
              limit.cancel(false);
              reading.cancel();
            }
          });
    } finally {
      place.leave();
    }
  }

  private void checkAll(List<int[]> texts, String field, Form form) {
    long tokens = texts.stream().mapToLong(text -> text.length).sum();
    if (texts.size() > 1 && tokens > MOST_TOKENS) {
      throw ApiException.bad(
          field, "has %d tokens in all; send at most %d at a time".formatted(tokens, MOST_TOKENS));
    }
    long fit = MOST_BYTES / ((long) dim * form.bytes);
    if (texts.size() > Math.max(1, fit)) {
      throw ApiException.bad(
          field,
          "has %d texts, whose vectors of %d values would make an answer longer than %d MB; send at most %d at a time"
              .formatted(texts.size(), dim, MOST_BYTES >> 20, fit));
    }
  }

  private void check(int[] tokens, String name) {
    if (tokens.length == 0) {
      throw ApiException.bad(name, "must not be empty");
    }
    if (tokens.length > mostTokens()) {
      throw ApiException.of(
          400,
          "%s has %d tokens, more than the context of %d"
              .formatted(name, tokens.length, mostTokens()),
          name,
          "context_length_exceeded");
    }
    int known = answerer.prompts().vocabulary().size();
    for (int token : tokens) {
      if (token < 0 || token >= known) {
        throw ApiException.bad(
            name, "has a token %d, and the model has %d".formatted(token, known));
      }
    }
  }

  /// The texts of one request.
  private final class Reading {
    /// Those under way, in order.
    private final Deque<Text> under = new ArrayDeque<>();

    private final List<Embedding> done = new ArrayList<>();
    private boolean cancelled;

    List<Embedding> all(List<int[]> texts) {
      for (int[] tokens : texts) {
        if (under.size() == atOnce) {
          finish();
        }
        begin(new Text(tokens));
      }
      while (!under.isEmpty()) {
        finish();
      }
      return done;
    }

    private void begin(Text text) {
      Generation begun = answerer.submit(text.request(), text::accept);
      text.generation = begun;
      synchronized (this) {
        under.add(text);
        if (cancelled) {
          begun.cancel();
        }
      }
    }

    private void finish() {
      Text oldest = under.getFirst();
      done.add(oldest.await());
      synchronized (this) {
        under.removeFirst();
      }
    }

    synchronized void cancel() {
      cancelled = true;
      under.forEach(Text::cancel);
    }
  }

  /// A text under way.
  private static final class Text {
    private final int[] tokens;
    private final StateMean mean = new StateMean();
    private @Nullable RuntimeException failure;
    private @Nullable Generation generation;

    Text(int[] tokens) {
      this.tokens = tokens;
    }

    GenerationRequest request() {
      return GenerationRequest.of(tokens, mean);
    }

    boolean accept(GenerationEvent event) {
      if (event instanceof Failed(RuntimeException cause)) {
        failure = cause;
      }
      return true;
    }

    void cancel() {
      if (generation != null) {
        generation.cancel();
      }
    }

    Embedding await() {
      try {
        if (generation != null) {
          generation.join();
        }
      } catch (RuntimeException e) {
        failure = e;
      }
      if (failure instanceof ForwardException lost) {
        throw Answerer.unavailable(lost);
      }
      if (failure != null) {
        throw ApiException.of(500, String.valueOf(failure.getMessage()), "", "model_error");
      }
      if (mean.tokens() < tokens.length) {
        throw ApiException.of(503, "the request took longer than it may", "", "time_limit");
      }
      return new Embedding(mean.value(), tokens.length);
    }
  }
}
