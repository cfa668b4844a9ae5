package dllama.settings;

import dllama.error.UserException;

/// Where a worker finds its root.
///
/// @param host name or IP address, without brackets
/// @param port 1 to 65535
public record SeedNode(String host, int port) {
  public static final int DEFAULT_PORT = 9990;

  /// Reads `HOST`, `HOST:PORT`, or `[IPv6]:PORT`.
  static SeedNode parse(String text) {
    boolean bracketed = text.startsWith("[") && text.contains("]");
    int hostEnd = bracketed ? text.indexOf(']') : text.indexOf(':');
    boolean bareIpv6 = !bracketed && hostEnd >= 0 && text.indexOf(':', hostEnd + 1) >= 0;
    if (bareIpv6 || hostEnd < 0) {
      return new SeedNode(checked(text, text), DEFAULT_PORT);
    }
    String host = bracketed ? text.substring(1, hostEnd) : text.substring(0, hostEnd);
    String rest = text.substring(bracketed ? hostEnd + 1 : hostEnd);
    return new SeedNode(checked(host, text), rest.isEmpty() ? DEFAULT_PORT : port(rest, text));
  }

  private static String checked(String host, String text) {
    if (host.isBlank() || !host.equals(host.strip())) {
      throw bad(text);
    }
    HostAddress.refuseAmbiguous(host);
    return host;
  }

  private static int port(String rest, String text) {
    if (!rest.matches(":\\d{1,5}")) {
      throw bad(text);
    }
    int port = Integer.parseInt(rest.substring(1));
    if (port < 1 || port > 65535) {
      throw bad(text);
    }
    return port;
  }

  private static UserException bad(String text) {
    return new UserException("seed node \"%s\" is not HOST or HOST:PORT".formatted(text));
  }
}
