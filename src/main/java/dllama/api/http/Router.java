package dllama.api.http;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Which endpoint answers which requests. A path may end in `*`, which stands for anything but
/// nothing. Filled before the server starts, then read only.
public final class Router {
  /// A way to an endpoint.
  ///
  /// @param path whole, or its beginning with `*` behind it
  record Route(String method, String path, Dialect dialect, Endpoint endpoint) {
    boolean leads(String to) {
      return path.endsWith("*")
          ? to.length() >= path.length() && to.startsWith(path.substring(0, path.length() - 1))
          : path.equals(to);
    }

    /// What `*` stands for.
    String tail(String to) {
      return path.endsWith("*") ? to.substring(path.length() - 1) : "";
    }
  }

  private final List<Route> routes = new ArrayList<>();
  private final Set<String> open = new HashSet<>();
  private final Dialect usual;

  /// @param usual for requests that no endpoint is there for
  public Router(Dialect usual) {
    this.usual = usual;
  }

  /// Adds an endpoint; where several lead to a path the first counts.
  public Router add(String method, String path, Dialect dialect, Endpoint endpoint) {
    routes.add(new Route(method, path, dialect, endpoint));
    return this;
  }

  /// Adds an endpoint that needs no key.
  public Router addOpen(String method, String path, Dialect dialect, Endpoint endpoint) {
    open.add(path);
    return add(method, path, dialect, endpoint);
  }

  /// Whether a path needs no key.
  boolean isOpen(String path) {
    return routes.stream()
        .filter(route -> route.leads(path))
        .findFirst()
        .filter(route -> open.contains(route.path()))
        .isPresent();
  }

  /// How an error of a request to a path is told, whether or not there is an endpoint.
  Dialect dialect(String path) {
    return routes.stream()
        .filter(route -> route.leads(path))
        .findFirst()
        .map(Route::dialect)
        .orElse(usual);
  }

  /// @throws ApiException if there is none
  Route find(String method, String path) {
    String wanted = method.equals("HEAD") ? "GET" : method;
    return routes.stream()
        .filter(route -> route.leads(path) && route.method.equals(wanted))
        .findFirst()
        .orElseThrow(() -> missing(method, path));
  }

  private ApiException missing(String method, String path) {
    Set<String> methods = methods(path);
    return methods.isEmpty()
        ? ApiException.of(404, "there is nothing at this path; see /v1/models", "", "not_found")
        : ApiException.of(
            405,
            "%s is not possible at this path, but %s is"
                .formatted(method, String.join(", ", methods)),
            "",
            "method_not_allowed");
  }

  /// The methods that are possible at a path.
  Set<String> methods(String path) {
    Set<String> methods = new TreeSet<>();
    routes.stream().filter(route -> route.leads(path)).forEach(route -> methods.add(route.method));
    return methods;
  }
}
