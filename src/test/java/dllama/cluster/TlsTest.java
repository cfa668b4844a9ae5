package dllama.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.tensor.DType;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A cluster whose nodes speak TLS with each other, each side with a certificate.
@Tag("slow")
class TlsTest {
  private static final String CASE = "llama31_rope_f32";
  private static final String PASSWORD = "a secret of a test";

  @TempDir private Path folder;

  @Test
  void shouldFormAClusterAndAnswer() throws Exception {
    try (var cluster = new TestCluster(CASE, DType.F32, 2, tls())) {
      cluster.await("ready: 2", 1);
      JsonNode prompt = Conformance.golden(CASE).get("prompts").get(0);
      int[] expected = Conformance.ints(prompt.get("generated"));
      int[] tokens = Conformance.ints(prompt.get("prompt_tokens"));
      assertArrayEquals(
          expected, TestCluster.greedy(cluster.forwardPass(), tokens, expected.length, 3));
      String[] root = cluster.root().address().split(":");
      int port = Integer.parseInt(root[1]);
      assertEquals("TLSv1.3", protocol(root[0], port));
      assertEquals(-1, answerToPlainText(root[0], port));
      assertArrayEquals(
          expected, TestCluster.greedy(cluster.forwardPass(), tokens, expected.length, 3));
      assertEquals(0, cluster.count("lost"), cluster.events::toString);
    }
  }

  private Properties tls() throws IOException, InterruptedException {
    Path keys = folder.resolve("keys.p12");
    Path certificate = folder.resolve("node.cer");
    keytool(keys, "-genkeypair", "-alias", "node", "-keyalg", "EC", "-dname", "CN=node");
    keytool(keys, "-exportcert", "-alias", "node", "-file", certificate.toString());
    String file = certificate.toString();
    keytool(trust(), "-importcert", "-noprompt", "-alias", "node", "-file", file);
    Properties properties = new Properties();
    properties.setProperty("akka.remote.artery.transport", "tls-tcp");
    String engine = "akka.remote.artery.ssl.config-ssl-engine.";
    properties.setProperty(engine + "key-store", keys.toString());
    properties.setProperty(engine + "trust-store", trust().toString());
    for (String password : List.of("key-store-password", "key-password", "trust-store-password")) {
      properties.setProperty(engine + password, PASSWORD);
    }
    properties.setProperty(engine + "protocol", "TLSv1.3");
    properties.setProperty(engine + "enabled-algorithms.0", "TLS_AES_128_GCM_SHA256");
    return properties;
  }

  private Path trust() {
    return folder.resolve("trust.p12");
  }

  private static void keytool(Path store, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(arguments));
    command.addAll(List.of("-keystore", store.toString(), "-storetype", "PKCS12"));
    command.addAll(List.of("-storepass", PASSWORD));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
  }

  /// What the port speaks.
  private String protocol(String host, int port) throws IOException, GeneralSecurityException {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(trust())) {
      trusted.load(in, PASSWORD.toCharArray());
    }
    var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trusted);
    SSLContext context = SSLContext.getInstance("TLSv1.3");
    context.init(null, managers.getTrustManagers(), null);
    try (var socket = (SSLSocket) context.getSocketFactory().createSocket(host, port)) {
      socket.setSoTimeout(10_000);
      socket.startHandshake();
      return socket.getSession().getProtocol();
    }
  }

  /// What a node that does not encrypt is told.
  private static int answerToPlainText(String host, int port) throws IOException {
    try (Socket socket = new Socket(host, port)) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write("AKKA\001".getBytes(StandardCharsets.US_ASCII));
      return socket.getInputStream().read();
    }
  }
}
