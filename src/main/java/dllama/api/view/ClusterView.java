package dllama.api.view;

import dllama.key.ClusterKey;
import dllama.session.SessionListener;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What is known of the cluster, and what happened to it. Any thread.
public final class ClusterView implements SessionListener {
  private static final int MOST_EVENTS = 200;

  private final Deque<Map<String, Object>> events = new ArrayDeque<>();
  private final Map<Integer, Loading> loading = new LinkedHashMap<>();
  private State state = State.GATHERING;
  private String waiting = "";
  private int nodes;
  private long readySince;

  /// What the cluster does.
  public enum State {
    GATHERING,
    LOADING,
    READY
  }

  /// How a rank's slice comes.
  public record Loading(String address, long bytes, long total) {}

  public synchronized State state() {
    return state;
  }

  /// What is waited for, in a line; empty if nothing is.
  public synchronized String waiting() {
    return waiting;
  }

  /// Nodes of the present world; 0 while there is none.
  public synchronized int nodes() {
    return state == State.READY ? nodes : 0;
  }

  /// Since when the present world can compute, in milliseconds since 1970.
  public synchronized long readySince() {
    return readySince;
  }

  /// How the slices of the present world came, by rank.
  public synchronized Map<Integer, Loading> slices() {
    return new LinkedHashMap<>(loading);
  }

  /// What happened, the newest last.
  public synchronized List<Map<String, Object>> events() {
    return new ArrayList<>(events);
  }

  private void event(String kind, String text) {
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("at", System.currentTimeMillis());
    event.put("kind", kind);
    event.put("text", text);
    events.add(event);
    if (events.size() > MOST_EVENTS) {
      events.removeFirst();
    }
  }

  @Override
  public void reading(String name, long bytes, long total) {}

  @Override
  public void listening(String address, boolean keyed, Optional<ClusterKey> fresh) {}

  @Override
  public void closing() {}

  @Override
  public synchronized void waiting(String what) {
    state = State.GATHERING;
    waiting = what;
  }

  @Override
  public synchronized void forming(int count) {
    state = State.LOADING;
    waiting = "";
    nodes = count;
    loading.clear();
    event("loading", "%d node%s load the model".formatted(count, count == 1 ? "" : "s"));
  }

  @Override
  public synchronized void loading(int rank, String address, long bytes, long total) {
    loading.put(rank, new Loading(address, bytes, total));
  }

  @Override
  public synchronized void ready(int count, int cached, long loadMillis) {
    state = State.READY;
    waiting = "";
    nodes = count;
    readySince = System.currentTimeMillis();
    event("ready", "%d node%s ready after %.1f s".formatted(count, s(count), loadMillis / 1e3));
  }

  private static String s(int count) {
    return count == 1 ? "" : "s";
  }

  @Override
  public synchronized void joined(String address) {
    event("joined", "the worker at %s is here".formatted(address));
  }

  @Override
  public synchronized void slow(String what) {
    event("slow", what);
  }

  @Override
  public synchronized void changing(int count) {
    state = State.GATHERING;
    event("formed", "forming anew, with %d node%s".formatted(count, s(count)));
  }

  @Override
  public synchronized void left(String address, String why) {
    event("lost", "the worker at %s %s".formatted(address, why));
  }

  @Override
  public synchronized void refused(String address, String why) {
    event("failed", "%s was not taken in: %s".formatted(address, why));
  }

  @Override
  public synchronized void lost(String why) {
    state = State.GATHERING;
    event("lost", why);
  }

  @Override
  public synchronized void ended(String why) {
    event("failed", why);
  }
}
