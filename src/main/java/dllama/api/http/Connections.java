package dllama.api.http;

import dllama.settings.ApiSettings;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Counts connections. Any thread.
final class Connections {
  private final int most;
  private final int mostOfAddress;
  private final Map<String, Integer> byAddress = new HashMap<>();
  private int open;

  Connections(ApiSettings settings) {
    most = settings.connections();
    mostOfAddress = settings.perAddress();
  }

  /// A new one.
  ///
  /// @return null if there are too many
  synchronized @Nullable Connection open(String address) {
    if (open >= most || byAddress.getOrDefault(address, 0) >= mostOfAddress) {
      return null;
    }
    open++;
    byAddress.merge(address, 1, Integer::sum);
    return new Connection(address);
  }

  synchronized void close(Connection connection) {
    open--;
    byAddress.computeIfPresent(connection.address(), (_, count) -> count == 1 ? null : count - 1);
  }

  /// How many are open.
  synchronized int count() {
    return open;
  }
}
