package dllama.cluster.loop;

import akka.dispatch.DispatcherPrerequisites;
import akka.dispatch.ExecutorServiceConfigurator;
import akka.dispatch.ExecutorServiceFactory;
import akka.dispatch.MonitorableThreadFactory;
import com.typesafe.config.Config;
import java.time.Duration;
import java.util.concurrent.ThreadFactory;

/// Makes the [LoopExecutor] of an actor system's exchange dispatcher; named in `event-loop.conf`.
public final class LoopConfigurator extends ExecutorServiceConfigurator {
  private final Duration spin;

  /// Called by Akka.
  public LoopConfigurator(Config config, DispatcherPrerequisites prerequisites) {
    super(config, prerequisites);
    spin = config.getDuration("spin");
  }

  @Override
  public ExecutorServiceFactory createExecutorServiceFactory(String id, ThreadFactory threads) {
    ThreadFactory named =
        threads instanceof MonitorableThreadFactory factory
            ? factory.withName(factory.name() + "-" + id)
            : threads;
    return () -> new LoopExecutor(named, spin);
  }
}
