package dllama.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.cluster.membership.NodeNames;
import dllama.cluster.port.Refusals;
import dllama.key.ClusterKey;
import dllama.key.KeyFile;
import dllama.key.KeySource;
import dllama.key.NodeKeys;
import dllama.tensor.DType;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A cluster whose nodes know each other by a key.
@Tag("slow")
class TlsTest {
  private static final String CASE = "llama31_rope_f32";
  private static final ClusterKey KEY = ClusterKey.random();
  private static final ClusterKey NEXT = ClusterKey.random();

  private static final Duration LIMIT = Duration.ofSeconds(30);

  @TempDir private Path folder;

  @Test
  void shouldAnswerWithTheKeyAndNobodyWithoutIt() throws Exception {
    try (var cluster = cluster(NodeKeys.of(KeySource.of(KEY)))) {
      shouldAnswer(cluster);
      String[] root = cluster.root().address().split(":");
      int port = Integer.parseInt(root[1]);
      assertEquals("TLSv1.3", withoutCertificate(root[0], port));
      assertEquals(-1, answerTo("AKKA\001", root[0], port));
      assertEquals(-1, answerTo("GET / HTTP/1.1\r\n\r\n", root[0], port));
      for (NodeKeys keys : new NodeKeys[] {NodeKeys.none(), NodeKeys.of(KeySource.of(NEXT))}) {
        long before = Refusals.ofProcess().count();
        try (var stranger = new Stranger(cluster.root().address(), NodeNames.WORKER, keys)) {
          var members = stranger.at(cluster.root().address(), "user/root/members");
          members.tell("I am not one of you");
          shouldAnswer(cluster);
          cluster.await(LIMIT, () -> Refusals.ofProcess().count() > before);
        }
      }
      assertEquals(1, cluster.count("joined"), cluster.events::toString);
      assertEquals(0, cluster.count("lost"), cluster.events::toString);
    }
  }

  /// Both nodes take the next key, show it, and drop the first, while questions are answered.
  @Test
  void shouldChangeTheKeyWithoutALoss() throws Exception {
    Path file = folder.resolve("cluster.key");
    KeyFile.write(file, KEY);
    try (var cluster = cluster(NodeKeys.of(KeySource.of(file)))) {
      var done = new AtomicBoolean();
      var questions =
          CompletableFuture.runAsync(
              () -> {
                while (!done.get()) {
                  shouldAnswer(cluster);
                }
              });
      KeyFile.write(file, KEY, NEXT);
      Thread.sleep(2500);
      KeyFile.write(file, NEXT, KEY);
      Thread.sleep(2500);
      KeyFile.write(file, NEXT);
      Thread.sleep(2500);
      done.set(true);
      questions.join();
      assertEquals(0, cluster.count("lost"), cluster.events::toString);
      Thread.sleep(8000); // connections by the first key end, and are made anew by the next
      shouldAnswer(cluster);
      assertEquals(0, cluster.count("lost"), cluster.events::toString);
      long before = Refusals.ofProcess().count();
      try (var _ =
          new Stranger(
              cluster.root().address(), NodeNames.WORKER, NodeKeys.of(KeySource.of(KEY)))) {
        cluster.await(LIMIT, () -> Refusals.ofProcess().count() > before);
        shouldAnswer(cluster);
      }
      assertEquals(1, cluster.count("joined"), cluster.events::toString);
    }
  }

  /// A connection that was begun with the key that is no more does not outlive it.
  @Test
  void shouldPartWithAFormerMember() throws Exception {
    Path file = folder.resolve("cluster.key");
    KeyFile.write(file, KEY);
    Path theirs = folder.resolve("theirs.key");
    KeyFile.write(theirs, KEY);
    try (var cluster = cluster(NodeKeys.of(KeySource.of(file)));
        var former =
            new Stranger(
                cluster.root().address(), NodeNames.WORKER, NodeKeys.of(KeySource.of(theirs)))) {
      var members = akka.cluster.typed.Cluster.get(cluster.root().system());
      cluster.await(LIMIT, () -> count(members, former) == 1);
      KeyFile.write(file, NEXT);
      cluster.await(LIMIT, () -> members.state().getUnreachable().size() == 1);
      shouldAnswer(cluster);
    }
  }

  private static long count(akka.cluster.typed.Cluster cluster, Stranger stranger) {
    int count = 0;
    for (var member : cluster.state().getMembers()) {
      count += NodeNames.address(member.address()).equals(stranger.address()) ? 1 : 0;
    }
    return count;
  }

  private static TestCluster cluster(NodeKeys keys) {
    Properties patient = new Properties();
    patient.setProperty("dllama.sync.timeout", "10s");
    var cluster = new TestCluster(CASE, DType.F32, 2, patient, keys);
    cluster.await(Duration.ofMinutes(3), () -> cluster.count("ready: 2") == 1);
    return cluster;
  }

  private static void shouldAnswer(TestCluster cluster) {
    JsonNode prompt = Conformance.golden(CASE).get("prompts").get(0);
    int[] expected = Conformance.ints(prompt.get("generated"));
    int[] tokens = Conformance.ints(prompt.get("prompt_tokens"));
    assertArrayEquals(
        expected, TestCluster.greedy(cluster.forwardPass(), tokens, expected.length, 3));
  }

  /// What the port speaks with somebody who believes everything and shows nothing.
  private static String withoutCertificate(String host, int port)
      throws IOException, GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(null, new TrustManager[] {new Believer()}, null);
    try (var socket = (SSLSocket) context.getSocketFactory().createSocket(host, port)) {
      socket.setSoTimeout(20_000);
      socket.startHandshake();
      String protocol = socket.getSession().getProtocol();
      IOException refused =
          assertThrows(
              IOException.class,
              () -> {
                socket.getOutputStream().write("AKKA\001".getBytes(StandardCharsets.US_ASCII));
                if (socket.getInputStream().read() < 0) {
                  throw new SSLException("closed");
                }
              });
      assertTrue(refused.getMessage() != null);
      return protocol;
    }
  }

  private static final class Believer implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  private static int answerTo(String text, String host, int port) throws IOException {
    try (Socket socket = new Socket(host, port)) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
      return socket.getInputStream().read();
    }
  }
}
