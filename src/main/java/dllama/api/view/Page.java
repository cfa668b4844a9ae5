package dllama.api.view;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import dllama.api.http.Answers;
import dllama.api.http.ApiException;
import dllama.api.http.Call;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The page, whose files lie in the jar. It may load nothing from anywhere else. Any thread.
public final class Page {
  private static final String FOLDER = "/dllama/web/";
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
          + "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private static final Map<String, ContentType> TYPES =
      Map.of(
          "html", ContentTypes.TEXT_HTML_UTF8,
          "css", MediaTypes.TEXT_CSS.toContentType(akka.http.javadsl.model.HttpCharsets.UTF_8),
          "js",
              MediaTypes.APPLICATION_JAVASCRIPT.toContentType(
                  akka.http.javadsl.model.HttpCharsets.UTF_8),
          "svg", MediaTypes.IMAGE_SVG_XML.toContentType(),
          "png", MediaTypes.IMAGE_PNG.toContentType(),
          "json", ContentTypes.APPLICATION_JSON,
          "txt", ContentTypes.TEXT_PLAIN_UTF8);

  private final Map<String, File> files = new ConcurrentHashMap<>();

  private record File(byte[] content, String tag) {}

  /// A file of the page; that of the path `/` is its `index.html`.
  public HttpResponse answer(Call call) {
    String path = call.request().getUri().path();
    String name = path.equals("/") ? "index.html" : path.substring(path.lastIndexOf('/') + 1);
    File file = file(name);
    boolean known = call.header("If-None-Match").filter(file.tag()::equals).isPresent();
    HttpResponse response =
        known
            ? HttpResponse.create().withStatus(304)
            : Answers.bytes(200, type(name), file.content());
    return response
        .addHeader(Answers.header("ETag", file.tag()))
        .addHeader(Answers.header("Cache-Control", "no-cache"))
        .addHeader(Answers.header("Content-Security-Policy", POLICY))
        .addHeader(Answers.header("X-Content-Type-Options", "nosniff"))
        .addHeader(Answers.header("Referrer-Policy", "no-referrer"));
  }

  private static ContentType type(String name) {
    return TYPES.getOrDefault(
        name.substring(name.lastIndexOf('.') + 1), ContentTypes.APPLICATION_OCTET_STREAM);
  }

  private File file(String name) {
    File known = files.get(name);
    File file = known == null ? read(name) : known;
    if (file == null) {
      throw ApiException.of(404, "there is no such file", "", "not_found");
    }
    files.put(name, file);
    return file;
  }

  private static @Nullable File read(String name) {
    if (!name.matches("[a-zA-Z0-9_-]+(\\.[a-zA-Z0-9_-]+)+")) {
      return null;
    }
    try (InputStream in = Page.class.getResourceAsStream(FOLDER + name)) {
      if (in == null) {
        return null;
      }
      byte[] content = in.readAllBytes();
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
      return new File(content, "\"%s\"".formatted(HexFormat.of().formatHex(digest, 0, 12)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
