package dllama.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The server with a certificate: who trusts it is answered, and nobody else is told anything.
@Tag("slow")
class ApiTlsTest {
  private static final char[] PASSWORD = "a secret of a test".toCharArray();
  private static final String CHAT =
      "{\"messages\":[{\"role\":\"user\",\"content\":\"What is 2 plus 3?\"}],\"temperature\":0%s}";

  @TempDir private Path folder;
  private KeyStore keys;

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC"})
  void shouldSpeakTlsOnlyWhereThereIsACertificate(String algorithm) throws Exception {
    Path certificate = folder.resolve("cert.pem");
    Path key = folder.resolve("key.pem");
    make(algorithm, certificate, key);
    try (ApiTestServer server =
        new ApiTestServer("api.tls-certificate=" + certificate, "api.tls-key=" + key).ready()) {
      URI chat = URI.create("https://localhost:%d/v1/chat/completions".formatted(server.port()));
      HttpClient trusting = HttpClient.newBuilder().sslContext(trust()).build();
      String whole = send(trusting, chat, "").body();
      String answer = ApiTestServer.read(whole).at("/choices/0/message/content").asText();
      assertFalse(answer.isEmpty());
      HttpResponse<String> stream = send(trusting, chat, ",\"stream\":true");
      StringBuilder streamed = new StringBuilder();
      server
          .events(stream)
          .forEach(event -> streamed.append(event.at("/choices/0/delta/content").asText("")));
      assertEquals(answer, streamed.toString());
      assertThrows(SSLHandshakeException.class, () -> send(HttpClient.newHttpClient(), chat, ""));
      assertEquals("", plain(server.port()));
      assertEquals(200, send(trusting, chat, "").statusCode());
    }
  }

  private static HttpResponse<String> send(HttpClient client, URI to, String more)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(to)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(CHAT.formatted(more)))
            .build();
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }

  /// What a request without TLS is answered, as far as that is HTTP.
  private static String plain(int port) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(60_000);
      socket
          .getOutputStream()
          .write("GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(UTF_8));
      String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
      return answer.startsWith("HTTP") ? answer : "";
    } catch (java.net.SocketException e) {
      return "";
    }
  }

  @Test
  void shouldSayWhatIsWrongWithTheFiles() throws Exception {
    Path certificate = folder.resolve("cert.pem");
    Path key = folder.resolve("key.pem");
    make("EC", certificate, key);
    Path none = Files.writeString(folder.resolve("none.pem"), "nothing");
    assertTold("holds no certificate", none, key);
    assertTold("holds no private key", certificate, none);
    UserException one =
        assertThrows(
            UserException.class, () -> new ApiTestServer("api.tls-certificate=" + certificate));
    assertTrue(String.valueOf(one.getMessage()).contains("belong together"));
  }

  private static void assertTold(String message, Path certificate, Path key) {
    UserException told =
        assertThrows(
            UserException.class,
            () -> new ApiTestServer("api.tls-certificate=" + certificate, "api.tls-key=" + key));
    assertTrue(String.valueOf(told.getMessage()).contains(message), told.getMessage());
  }

  /// A certificate for `localhost` that nobody else has signed, as PEM files.
  private void make(String algorithm, Path certificate, Path key) throws Exception {
    Path store = folder.resolve("keys.p12");
    String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    List<String> command =
        List.of(
            keytool,
            "-genkeypair",
            "-alias",
            "server",
            "-keyalg",
            algorithm,
            "-dname",
            "CN=localhost",
            "-ext",
            "san=dns:localhost",
            "-keystore",
            store.toString(),
            "-storetype",
            "PKCS12",
            "-storepass",
            String.valueOf(PASSWORD));
    assertEquals(0, new ProcessBuilder(command).redirectErrorStream(true).start().waitFor());
    keys = KeyStore.getInstance(store.toFile(), PASSWORD);
    pem(certificate, "CERTIFICATE", keys.getCertificate("server").getEncoded());
    pem(key, "PRIVATE KEY", keys.getKey("server", PASSWORD).getEncoded());
  }

  private static void pem(Path file, String what, byte[] content) throws IOException {
    String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    Files.writeString(
        file, "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(what, lines, what));
  }

  private SSLContext trust() throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("server", keys.getCertificate("server"));
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }
}
