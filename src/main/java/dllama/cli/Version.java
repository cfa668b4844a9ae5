package dllama.cli;

import java.util.Objects;

/// The version of this jar.
final class Version {
  private Version() {}

  /// From the jar's manifest; "development" where the classes do not come from the jar.
  static String current() {
    return Objects.requireNonNullElse(
        Version.class.getPackage().getImplementationVersion(), "development");
  }
}
