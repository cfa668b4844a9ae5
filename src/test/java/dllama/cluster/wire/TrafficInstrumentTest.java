package dllama.cluster.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import akka.actor.ExtendedActorSystem;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import dllama.cluster.wire.TensorFrame.Partial;
import org.junit.jupiter.api.Test;

class TrafficInstrumentTest {
  @Test
  void shouldNotCountWhatIsRehearsed() {
    ActorTestKit testKit = ActorTestKit.create();
    try {
      var system = (ExtendedActorSystem) testKit.system().classicSystem();
      var instrument = new TrafficInstrument(system);
      Traffic traffic = Traffic.of(system);
      for (int epoch : new int[] {3, -3}) {
        var frame = new Partial(epoch, 0, 1, new FrameBuffer(8));
        instrument.remoteMessageSent(system.deadLetters(), frame, system.deadLetters(), 100, 0);
        instrument.remoteMessageReceived(system.deadLetters(), frame, system.deadLetters(), 50, 0);
      }
      assertEquals(104, traffic.sentBytes());
      assertEquals(54, traffic.receivedBytes());
    } finally {
      testKit.shutdownTestKit();
    }
  }
}
