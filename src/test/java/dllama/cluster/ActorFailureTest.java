package dllama.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import akka.actor.ActorRef;
import akka.actor.Kill;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Adapter;
import dllama.step.OneSequence;
import dllama.tensor.DType;
import java.time.Duration;
import java.util.Properties;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// An actor that dies of an error takes with it what is of no use without it, at once and with a
/// line.
@Tag("slow")
class ActorFailureTest {
  private static final String CASE = "llama_gqa_f32";

  @ParameterizedTest
  @ValueSource(strings = {"root", "root/members", "shard"})
  void shouldEndARoot(String actor) {
    try (var cluster = new TestCluster(CASE, DType.F32, 1, new Properties())) {
      cluster.await("ready: 1", 1);
      kill(cluster.root().system(), actor);
      cluster.await(Duration.ofSeconds(60), () -> cluster.count("ended: ") == 1);
    }
  }

  @Test
  void shouldSayNothingWhereARootEndsOnPurpose() {
    var cluster = new TestCluster(CASE, DType.F32, 1, new Properties());
    cluster.await("ready: 1", 1);
    cluster.close();
    assertEquals(0, cluster.count("ended: "), cluster.events::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"shard", "worker"})
  void shouldHaveAWorkerBeginAnew(String actor) {
    try (var cluster = new TestCluster(CASE, DType.F32, 2, new Properties())) {
      cluster.await("ready: 2", 1);
      cluster.root().release();
      kill(cluster.workers.getFirst().system(), actor);
      cluster.await(Duration.ofSeconds(60), () -> cluster.count("lost: the worker at ") == 1);
      assertTrue(
          cluster.events.stream().anyMatch(e -> e.endsWith("has ended")), cluster.events::toString);
      cluster.await("ready: 2", 2);
      new OneSequence(cluster.forwardPass()).feed(new int[] {1}, 0);
    }
  }

  private static void kill(ActorSystem<?> system, String actor) {
    var ref = ActorRefResolver.get(system).resolveActorRef("akka://dllama/user/" + actor);
    Adapter.toClassic(ref).tell(Kill.getInstance(), ActorRef.noSender());
  }
}
