package dllama.cluster;

import akka.actor.BootstrapSetup;
import com.typesafe.config.Config;
import java.net.URL;
import java.util.Collections;
import java.util.Enumeration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The configuration of an actor system that lacks nothing. Akka would lay it over every
/// `reference.conf` once more, which takes a tenth of a start, and bring back what was left out on
/// purpose.
final class CompleteConfig {
  private CompleteConfig() {}

  /// For an actor system with this configuration and nothing else.
  static BootstrapSetup setup(Config config) {
    return BootstrapSetup.create(
        Optional.of(new WithoutReference()), Optional.of(config), Optional.empty());
  }

  /// All classes and resources but the one that Akka looks for defaults in.
  private static final class WithoutReference extends ClassLoader {
    private static final String NAME = "reference.conf";

    WithoutReference() {
      super(CompleteConfig.class.getClassLoader());
    }

    @Override
    public @Nullable URL getResource(String name) {
      return name.equals(NAME) ? null : super.getResource(name);
    }

    @Override
    public Enumeration<URL> getResources(String name) throws java.io.IOException {
      return name.equals(NAME) ? Collections.emptyEnumeration() : super.getResources(name);
    }
  }
}
