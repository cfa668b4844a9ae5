package dllama.api.view;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpResponse;
import com.fasterxml.jackson.databind.JsonNode;
import dllama.api.http.Answers;
import dllama.api.http.ApiException;
import dllama.api.http.Call;
import dllama.api.http.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The page, whose files lie in the jar beside a manifest that says which there are and with which
/// headers they are served: they may load nothing from anywhere else. Immutable, for any thread.
public final class Page {
  private static final String FOLDER = "/dllama/web/";
  private static final String INDEX = "index.html";

  private final Map<String, File> files = new HashMap<>();
  private final List<HttpHeader> headers = new ArrayList<>();

  private record File(byte[] content, ContentType type, String tag) {}

  public Page() {
    JsonNode manifest = Json.read(new String(read("manifest.json"), StandardCharsets.UTF_8));
    for (Map.Entry<String, JsonNode> header : manifest.get("headers").properties()) {
      headers.add(Answers.header(header.getKey(), header.getValue().asText()));
    }
    for (Map.Entry<String, JsonNode> file : manifest.get("files").properties()) {
      files.put(
          file.getKey(),
          new File(
              read(file.getKey()),
              ContentTypes.parse(file.getValue().get("type").asText()),
              "\"%s\"".formatted(file.getValue().get("etag").asText())));
    }
  }

  private static byte[] read(String name) {
    try (InputStream in = Page.class.getResourceAsStream(FOLDER + name)) {
      if (in == null) {
        throw new IllegalStateException("the jar has no " + FOLDER + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// The page itself.
  public HttpResponse index(Call call) {
    return file(INDEX, call);
  }

  /// A file of it, which the path names.
  public HttpResponse file(Call call) {
    return file(call.tail(), call);
  }

  private HttpResponse file(String name, Call call) {
    File file = files.get(name);
    if (file == null) {
      throw ApiException.of(404, "there is no such file", "", "not_found");
    }
    boolean known = call.header("If-None-Match").filter(file.tag()::equals).isPresent();
    HttpResponse response =
        known
            ? HttpResponse.create().withStatus(304)
            : Answers.bytes(200, file.type(), file.content());
    return response.addHeader(Answers.header("ETag", file.tag())).addHeaders(headers);
  }
}
