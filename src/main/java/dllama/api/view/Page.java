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
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The page, whose files lie in the jar. What there is of it, as what it is served, and the headers
/// that hold it to itself stand in its `manifest.json`, which the build of the page writes; only
/// what is named there is served. Any thread.
public final class Page {
  private static final String FOLDER = "/dllama/web/";

  private final Map<String, File> files = new TreeMap<>();
  private final List<HttpHeader> headers = new ArrayList<>();

  private record File(byte[] content, ContentType type, String tag) {}

  public Page() {
    JsonNode manifest = Json.read(new String(read("manifest.json"), StandardCharsets.UTF_8));
    for (Map.Entry<String, JsonNode> header : manifest.get("headers").properties()) {
      headers.add(Answers.header(header.getKey(), header.getValue().asText()));
    }
    for (Map.Entry<String, JsonNode> entry : manifest.get("files").properties()) {
      JsonNode told = entry.getValue();
      ContentType type = ContentTypes.parse(told.get("type").asText());
      String tag = "\"%s\"".formatted(told.get("etag").asText());
      files.put(entry.getKey(), new File(read(entry.getKey()), type, tag));
    }
  }

  /// A file of the page; that of the path `/` is its `index.html`.
  public HttpResponse answer(Call call) {
    String path = call.request().getUri().path();
    File file =
        files.get(path.equals("/") ? "index.html" : path.substring(path.lastIndexOf('/') + 1));
    if (file == null) {
      throw ApiException.of(404, "there is no such file", "", "not_found");
    }
    boolean known = call.header("If-None-Match").filter(file.tag()::equals).isPresent();
    HttpResponse response =
        known
            ? HttpResponse.create().withStatus(304)
            : Answers.bytes(200, file.type(), file.content());
    return response.addHeaders(headers).addHeader(Answers.header("ETag", file.tag()));
  }

  private static byte[] read(String name) {
    try (InputStream in = Page.class.getResourceAsStream(FOLDER + name)) {
      if (in == null) {
        throw new IllegalStateException("the jar lacks " + FOLDER + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
