package dllama.api.service;

import dllama.api.http.ApiException;
import dllama.settings.ApiSettings;
import java.util.HashMap;
import java.util.Map;

/// Who may have an answer computed, or wait for it. Any thread.
public final class Admission {
  private static final int RETRY_SECONDS = 2;

  private final int parallel;
  private final int queue;
  private final int perKey;
  private final Map<String, Integer> byCaller = new HashMap<>();
  private int inside;

  Admission(ApiSettings settings) {
    parallel = settings.parallel();
    queue = settings.queue();
    perKey = settings.perKey();
  }

  /// Takes somebody in.
  ///
  /// @throws ApiException if there are too many
  synchronized Place enter(String caller) {
    if (inside >= parallel + queue) {
      throw ApiException.later(
          429,
          "%d answers are under way and %d requests wait; try again later"
              .formatted(parallel, queue),
          "queue_full",
          RETRY_SECONDS);
    }
    if (byCaller.getOrDefault(caller, 0) >= perKey) {
      throw ApiException.later(
          429,
          "%d requests of yours are under way or wait, and more are not taken".formatted(perKey),
          "rate_limit_exceeded",
          RETRY_SECONDS);
    }
    inside++;
    byCaller.merge(caller, 1, Integer::sum);
    return new Place(caller);
  }

  private synchronized void leave(String caller) {
    inside--;
    byCaller.computeIfPresent(caller, (_, count) -> count == 1 ? null : count - 1);
  }

  /// Answers that are computed now.
  public synchronized int running() {
    return Math.min(inside, parallel);
  }

  /// Requests that wait.
  public synchronized int waiting() {
    return Math.max(0, inside - parallel);
  }

  /// Answers that can be computed at once.
  public int places() {
    return parallel;
  }

  /// A place, until it is left.
  final class Place {
    private final String caller;
    private boolean left;

    private Place(String caller) {
      this.caller = caller;
    }

    void leave() {
      synchronized (Admission.this) {
        if (!left) {
          left = true;
          Admission.this.leave(caller);
        }
      }
    }
  }
}
