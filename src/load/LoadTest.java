import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/// Clients of a root's API that come and go: each asks for whole answers and streams, leaves in the
/// middle of some, asks for embeddings, sends what is wrong, and pauses. Tells at the end how many
/// requests there were, which were not answered as they should be, how long they took, and what the
/// server's memory was, and each minute what it is. See `scripts/load-test`.
public final class LoadTest {
  private static final List<String> QUESTIONS =
      List.of("What is 2 plus 3?", "Tell me a story", "How do I start a worker?", "Hi", "Why 2^n?");

  private static final String CHAT = "/v1/chat/completions";

  private static final AtomicLong REQUESTS = new AtomicLong();
  private static final AtomicLong LEFT = new AtomicLong();
  private static final AtomicLong TURNED_AWAY = new AtomicLong();
  private static final List<String> ERRORS = Collections.synchronizedList(new ArrayList<>());
  private static final List<Double> WHOLE = Collections.synchronizedList(new ArrayList<>());
  private static final List<Double> FIRST = Collections.synchronizedList(new ArrayList<>());

  private LoadTest() {}

  /// @param args address of the root, seconds, clients, process of the root, seed, and how many
  ///     others keep it waiting ([SlowCallers])
  public static void main(String[] args) throws Exception {
    String base = args[0];
    int clients = Integer.parseInt(args[2]);
    long seed = Long.parseLong(args[4]);
    client(base, new Random(seed), System.nanoTime() + Duration.ofSeconds(20).toNanos());
    SlowCallers slow = new SlowCallers(base, Integer.parseInt(args[5]));
    String before = memory(args[3]);
    long end = System.nanoTime() + Duration.ofSeconds(Long.parseLong(args[1])).toNanos();
    Thread.ofPlatform().daemon().start(() -> tellEachMinute(args[3]));
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < clients; i++) {
      Random random = new Random(seed + i);
      threads.add(Thread.ofVirtual().start(() -> client(base, random, end)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    Thread.sleep(5000);
    System.out.printf(
        Locale.ROOT,
        "requests %d, left in the middle %d, turned away (429) %d, errors %d%n",
        REQUESTS.get(), LEFT.get(), TURNED_AWAY.get(), ERRORS.size());
    if (slow.connected() > 0) {
      System.out.printf("connections of slow callers: %d%n", slow.connected());
    }
    ERRORS.stream().limit(10).forEach(System.out::println);
    System.out.println("first token, ms: " + percentiles(FIRST));
    System.out.println("whole answer, ms: " + percentiles(WHOLE));
    System.out.printf("resident memory of the root: %s before, %s after%n", before, memory(args[3]));
    System.out.println(text(get(base + "/metrics")).lines()
        .filter(line -> line.startsWith("dllama_answers") || line.startsWith("dllama_connections"))
        .toList());
    System.exit(ERRORS.isEmpty() ? 0 : 1);
  }

  private static void tellEachMinute(String process) {
    try {
      for (int minute = 0; ; minute++) {
        System.out.printf("minute %d: %s, %d requests%n", minute, memory(process), REQUESTS.get());
        Thread.sleep(Duration.ofMinutes(1));
      }
    } catch (InterruptedException | IOException e) {
      System.out.println("the root's memory can not be read: " + e);
    }
  }

  private static String memory(String process) throws IOException {
    Path status = Path.of("/proc", process, "status");
    return Files.exists(status)
        ? Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("VmRSS")).findFirst().orElse("?")
            .replaceAll("\\s+", " ")
        : "unknown";
  }

  private static void client(String base, Random random, long end) {
    while (System.nanoTime() < end) {
      try (HttpClient client =
          HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
        for (int i = random.nextInt(1, 8); i > 0 && System.nanoTime() < end; i--) {
          request(client, base, random);
          Thread.sleep(random.nextInt(300));
        }
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private static void request(HttpClient client, String base, Random random)
      throws InterruptedException {
    REQUESTS.incrementAndGet();
    String question = QUESTIONS.get(random.nextInt(QUESTIONS.size()));
    try {
      switch (random.nextInt(7)) {
        case 0, 1 -> whole(client, base, chat(question, false), 200);
        case 2, 3 -> stream(client, base, chat(question, true), Integer.MAX_VALUE);
        case 4 -> stream(client, base, chat(question, true), random.nextInt(1, 6));
        case 5 -> whole(client, base, "/v1/embeddings", "{\"input\":\"%s\"}".formatted(question), 200);
        default -> {
          if (random.nextBoolean()) {
            whole(client, base, "{\"messages\":5}", 400);
          } else {
            expect(client.send(HttpRequest.newBuilder(URI.create(base + "/v1/models")).build(),
                HttpResponse.BodyHandlers.ofString()), 200);
          }
        }
      }
    } catch (IOException e) {
      ERRORS.add(e.toString());
    }
  }

  private static String chat(String question, boolean stream) {
    return "{\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}],\"max_tokens\":48,\"stream\":%s}"
        .formatted(question, stream);
  }

  private static HttpRequest post(String base, String path, String body) {
    return HttpRequest.newBuilder(URI.create(base + path))
        .header("Content-Type", "application/json")
        .timeout(Duration.ofMinutes(2))
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  private static void whole(HttpClient client, String base, String body, int status)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    whole(client, base, CHAT, body, status);
    WHOLE.add((System.nanoTime() - start) / 1e6);
  }

  private static void whole(HttpClient client, String base, String path, String body, int status)
      throws IOException, InterruptedException {
    expect(client.send(post(base, path, body), HttpResponse.BodyHandlers.ofString()), status);
  }

  private static void expect(HttpResponse<String> response, int status) {
    if (response.statusCode() == 429) {
      TURNED_AWAY.incrementAndGet();
    } else if (response.statusCode() != status) {
      ERRORS.add(response.statusCode() + " " + response.body());
    }
  }

  private static void stream(HttpClient client, String base, String body, int most)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    HttpResponse<InputStream> response =
        client.send(post(base, CHAT, body), HttpResponse.BodyHandlers.ofInputStream());
    if (response.statusCode() != 200) {
      expect(new Told(response.statusCode(), text(response.body())));
      return;
    }
    int events = 0;
    boolean done = false;
    try (InputStream in = response.body()) {
      StringBuilder line = new StringBuilder();
      for (int c = in.read(); c >= 0 && events < most; c = in.read()) {
        if (c != '\n') {
          line.append((char) c);
          continue;
        }
        if (line.indexOf("\"content\":\"") > 0 && line.indexOf("\"role\"") < 0) {
          if (events++ == 0) {
            FIRST.add((System.nanoTime() - start) / 1e6);
          }
        }
        if (line.indexOf("\"error\"") >= 0) {
          ERRORS.add(line.toString());
        }
        done |= line.indexOf("[DONE]") >= 0;
        line.setLength(0);
      }
    }
    if (events >= most) {
      LEFT.incrementAndGet();
    } else if (!done) {
      ERRORS.add("a stream without an end");
    }
  }

  private record Told(int status, String body) {}

  private static void expect(Told told) {
    if (told.status == 429) {
      TURNED_AWAY.incrementAndGet();
    } else {
      ERRORS.add(told.status + " " + told.body);
    }
  }

  private static InputStream get(String url) throws IOException {
    return URI.create(url).toURL().openStream();
  }

  private static String text(InputStream in) throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }

  private static String percentiles(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    if (sorted.isEmpty()) {
      return "none";
    }
    return String.format(
        Locale.ROOT,
        "p50 %.0f, p99 %.0f, most %.0f (of %d)",
        sorted.get(sorted.size() / 2),
        sorted.get((int) (sorted.size() * 0.99)),
        sorted.getLast(),
        sorted.size());
  }
}
