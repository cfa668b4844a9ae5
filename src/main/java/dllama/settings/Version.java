package dllama.settings;

import java.util.Objects;

/// The version of this jar. All nodes of a cluster must have the same one.
public final class Version {
  private Version() {}

  /// From the jar's manifest; 0.0.0 where the classes do not come from the jar.
  public static String current() {
    return Objects.requireNonNullElse(
        Version.class.getPackage().getImplementationVersion(), "0.0.0");
  }
}
