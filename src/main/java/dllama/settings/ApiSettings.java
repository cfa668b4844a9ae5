package dllama.settings;

import dllama.error.UserException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// How users and programs reach the root over HTTP.
///
/// @param beside whether the chat has the server beside it
/// @param host address to bind
/// @param keys any of which a request has to show; empty: none has to
/// @param origins of web pages that may use it; `*` for all
/// @param parallel answers that are computed at once
/// @param queue requests that wait beside these
/// @param perKey requests of one key, or of one address where there are no keys, that may be
///     under way or wait
/// @param timeLimit of one answer
/// @param idleTimeout after which a connection is closed whose caller waits for nothing, in which a
///     request has to be whole, and in which some of an answer has to be taken
/// @param maxBodyBytes of a request
/// @param connections that may be open
/// @param perAddress those of one address
public record ApiSettings(
    boolean beside,
    String host,
    int port,
    List<String> keys,
    List<String> origins,
    int parallel,
    int queue,
    int perKey,
    Duration timeLimit,
    Duration idleTimeout,
    int maxBodyBytes,
    int connections,
    int perAddress,
    Optional<Tls> tls) {

  /// PEM files of a certificate, with those that issued it, and its private key.
  public record Tls(Path certificate, Path key) {}

  static ApiSettings from(Values values) {
    List<String> keys = values.texts("key").stream().filter(key -> !key.isEmpty()).toList();
    ApiSettings settings =
        new ApiSettings(
            values.flag("beside-chat"),
            values.text("host"),
            values.integer("port", 0, 65535),
            keys,
            values.texts("origins"),
            values.integer("parallel", 1, 32),
            values.integer("queue", 0, 10_000),
            values.integer("per-key", 1, 10_000),
            values.duration("time-limit", Duration.ofSeconds(1), Duration.ofDays(1)),
            values.duration("idle-timeout", Duration.ofSeconds(1), Duration.ofHours(1)),
            values.bytes("max-body", 1 << 10, 1 << 28),
            values.integer("connections", 1, 100_000),
            values.integer("connections-per-address", 1, 100_000),
            tls(values));
    if (!values.flag("open") && settings.keys.isEmpty() && !loopback(settings.host)) {
      throw new UserException(
          "--api-host %s lets other computers in: give --api-key KEY, which they then need, or --api-open to let everybody in"
              .formatted(settings.host));
    }
    return settings;
  }

  private static Optional<Tls> tls(Values values) {
    Optional<Path> certificate = values.pathIfAny("tls-certificate");
    Optional<Path> key = values.pathIfAny("tls-key");
    if (certificate.isPresent() != key.isPresent()) {
      throw new UserException(
          "dllama.api.tls-certificate and dllama.api.tls-key belong together: give both or neither");
    }
    return certificate.map(file -> new Tls(file, key.orElseThrow()));
  }

  /// Whether nobody else than this machine's programs can come.
  public boolean onlyThisMachine() {
    return loopback(host);
  }

  /// Names are not looked up: only `localhost` counts, and addresses.
  private static boolean loopback(String host) {
    if (host.equals("localhost")) {
      return true;
    }
    try {
      return (host.contains(":") || host.matches("[0-9.]+"))
          && InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false; // no address at all: binding says so
    }
  }
}
