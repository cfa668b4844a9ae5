package dllama.settings;

import dllama.error.UserException;
import java.util.Optional;

/// Prints the address that a node would announce: `root HOST` or `worker HOST SEED`, with `auto`
/// for no host. Started in network namespaces.
final class HostAddressProbe {
  private HostAddressProbe() {}

  public static void main(String[] args) {
    Optional<String> host = Optional.of(args[1]).filter(text -> !text.equals("auto"));
    try {
      System.out.print(
          (args[0].equals("root")
                  ? HostAddress.ofRoot(host)
                  : HostAddress.ofWorker(host, HostAddress.resolve(args[2])))
              .getHostAddress());
    } catch (UserException e) {
      System.out.print("error: " + e.getMessage());
    }
  }
}
