package dllama.session;

import dllama.key.ClusterKey;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Several listeners as one: each is told everything, in order.
public record SessionListeners(List<SessionListener> all) implements SessionListener {
  public SessionListeners {
    all = List.copyOf(all);
  }

  private void tell(Consumer<SessionListener> what) {
    all.forEach(what);
  }

  @Override
  public void reading(String name, long bytes, long total) {
    tell(listener -> listener.reading(name, bytes, total));
  }

  @Override
  public void listening(String address, boolean keyed, Optional<ClusterKey> fresh) {
    tell(listener -> listener.listening(address, keyed, fresh));
  }

  @Override
  public void closing() {
    tell(SessionListener::closing);
  }

  @Override
  public void waiting(String what) {
    tell(listener -> listener.waiting(what));
  }

  @Override
  public void forming(int nodes) {
    tell(listener -> listener.forming(nodes));
  }

  @Override
  public void notice(String what) {
    tell(listener -> listener.notice(what));
  }

  @Override
  public void loading(int rank, String address, long bytes, long total) {
    tell(listener -> listener.loading(rank, address, bytes, total));
  }

  @Override
  public void ready(int nodes, int cached, long loadMillis) {
    tell(listener -> listener.ready(nodes, cached, loadMillis));
  }

  @Override
  public void rehearsed(String why) {
    tell(listener -> listener.rehearsed(why));
  }

  @Override
  public void joined(String address) {
    tell(listener -> listener.joined(address));
  }

  @Override
  public void spare(String address, int nodes, int possible, boolean soon) {
    tell(listener -> listener.spare(address, nodes, possible, soon));
  }

  @Override
  public void slow(String what) {
    tell(listener -> listener.slow(what));
  }

  @Override
  public void changing(int nodes) {
    tell(listener -> listener.changing(nodes));
  }

  @Override
  public void left(String address, String why) {
    tell(listener -> listener.left(address, why));
  }

  @Override
  public void refused(String address, String why) {
    tell(listener -> listener.refused(address, why));
  }

  @Override
  public void stranger(String what) {
    tell(listener -> listener.stranger(what));
  }

  @Override
  public void ended(String why) {
    tell(listener -> listener.ended(why));
  }

  @Override
  public void lost(String why) {
    tell(listener -> listener.lost(why));
  }
}
