package dllama.settings;

import dllama.error.UserException;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Under which address a node is known to the others. Akka drops messages to any address but
/// exactly the announced one, so all nodes must come to the same answer.
///
/// Names are resolved to addresses first. Debian maps a machine's own name to 127.0.1.1 in
/// /etc/hosts: such an answer stands for "this machine", whose address then is that of its route.
public final class HostAddress {
  /// Of a block for documentation: only the default route leads there.
  private static final String ELSEWHERE = "192.0.2.1";

  private static final String ELSEWHERE_IPV6 = "2001:db8::1";

  private static final String BYTE = "(0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])";
  private static final Pattern DOTTED = Pattern.compile("(%s\\.){3}%<s".formatted(BYTE));

  private HostAddress() {}

  /// The address of a root: what `host` means, else the address of the default route, else
  /// loopback.
  ///
  /// @throws UserException if the name is not known
  public static InetAddress ofRoot(Optional<String> host) {
    return host.map(HostAddress::resolve).orElseGet(HostAddress::ofDefaultRoute);
  }

  /// The address of a worker: what `host` means, else the local address of the route to `seed`.
  /// Loopback only if `seed` is that, too.
  ///
  /// @param seed as [#resolve] gives it
  /// @throws UserException if the name is not known, the address can not be reached from the seed
  ///     node, or there is no route to it
  public static InetAddress ofWorker(Optional<String> host, InetAddress seed) {
    if (host.isEmpty()) {
      return routeTo(seed)
          .orElseThrow(
              () ->
                  new UserException(
                      "no route to the seed node %s; is the network up?"
                          .formatted(seed.getHostAddress())));
    }
    InetAddress own = resolve(host.get());
    if (own.isLoopbackAddress() && !seed.isLoopbackAddress()) {
      throw new UserException(
          "--host %s is this machine alone, but the seed node is %s; leave --host out"
              .formatted(host.get(), seed.getHostAddress()));
    }
    return own;
  }

  /// The address that `host` means on this machine. A name that maps to 127.x stands for this
  /// machine's address, except `localhost` and addresses themselves, which are taken as they are.
  ///
  /// @throws UserException if the name is not known, or is a wildcard
  public static InetAddress resolve(String host) {
    InetAddress[] all;
    refuseAmbiguous(host);
    try {
      all = InetAddress.getAllByName(host);
    } catch (UnknownHostException e) {
      throw new UserException(
          "no address is known for \"%s\"; give an IP address".formatted(host), e);
    }
    InetAddress best =
        byPreference(all).findFirst().orElseThrow(() -> new UserException(ofOneLink(host)));
    if (best.isAnyLocalAddress()) {
      throw new UserException(
          "%s means every address of this machine, but nodes know each other by one; give that one"
              .formatted(host));
    }
    return best.isLoopbackAddress() && !meansLoopback(host) ? ofDefaultRoute() : best;
  }

  /// Refuses addresses with a zone, and what Java, like BSD, takes for a number with bytes left
  /// out or in another base: 1.2.3 as 1.2.0.3, 127.1, 0x7f.1, 3232235777, 010.0.0.1. No name ends
  /// in a number.
  ///
  /// @throws UserException for these
  static void refuseAmbiguous(String host) {
    if (host.contains("%")) {
      throw new UserException(ofOneLink(host));
    }
    String last = host.replaceFirst("\\.$", "").replaceFirst("^.*\\.", "");
    boolean number = last.matches("\\d+|0[xX]\\p{XDigit}*");
    if (number && !host.contains(":") && !DOTTED.matcher(host).matches()) {
      throw new UserException(
          "\"%s\" is no IP address: write four numbers from 0 to 255, such as 192.168.1.10"
              .formatted(host));
    }
  }

  private static String ofOneLink(String host) {
    return "%s is known on one link only (IPv6 link-local), and every machine calls that by another name; give an address that is the same everywhere, IPv4 or IPv6"
        .formatted(host);
  }

  /// Akka's addresses have no zones, and one machine's zone means nothing to another one.
  private static boolean isOfOneLink(InetAddress address) {
    return address instanceof Inet6Address && address.isLinkLocalAddress();
  }

  /// Addresses others can reach first, then IPv4 before IPv6, because that is what the default
  /// route gives most nodes.
  private static Stream<InetAddress> byPreference(InetAddress[] all) {
    return Stream.of(false, true)
        .flatMap(
            loopback ->
                Stream.of(Inet4Address.class, Inet6Address.class)
                    .flatMap(
                        family ->
                            Arrays.stream(all)
                                .filter(address -> address.isLoopbackAddress() == loopback)
                                .filter(address -> !isOfOneLink(address))
                                .filter(family::isInstance)));
  }

  private static boolean meansLoopback(String host) {
    return host.equalsIgnoreCase("localhost")
        || host.toLowerCase(java.util.Locale.ROOT).endsWith(".localhost")
        || host.contains(":")
        || host.matches("[0-9.]+");
  }

  private static InetAddress ofDefaultRoute() {
    return routeTo(literal(ELSEWHERE))
        .or(() -> routeTo(literal(ELSEWHERE_IPV6)))
        .orElseGet(() -> literal("127.0.0.1"));
  }

  /// The local address of the route to `remote`: connecting a UDP socket picks it and sends
  /// nothing.
  private static Optional<InetAddress> routeTo(InetAddress remote) {
    StandardProtocolFamily family =
        remote instanceof Inet4Address ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6;
    try (DatagramChannel channel = DatagramChannel.open(family)) {
      channel.connect(new InetSocketAddress(remote, SeedNode.DEFAULT_PORT));
      InetSocketAddress local = (InetSocketAddress) channel.getLocalAddress();
      return Optional.of(local.getAddress())
          .filter(address -> !address.isAnyLocalAddress() && !isOfOneLink(address));
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.empty(); // no such route, or no such protocol on this machine
    }
  }

  private static InetAddress literal(String address) {
    try {
      return InetAddress.getByName(address);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("address=" + address, e);
    }
  }
}
