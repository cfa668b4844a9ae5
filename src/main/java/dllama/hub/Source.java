package dllama.hub;

import dllama.error.UserException;
import java.io.IOException;
import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A file on a server that has been asked about.
///
/// @param ranges whether the server gives parts of it
/// @param sha256 if hub or server said it
/// @param identity changes when the file does
record Source(URI uri, long size, boolean ranges, Optional<String> sha256, String identity) {
  /// So that no sum of lengths is too large for a `long`.
  private static final long LONGEST = 1L << 50;

  private static final Pattern RANGE = Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18})");

  /// Asks for one byte.
  ///
  /// @throws UserException if it is no file, or not as long as was said
  static Source of(Web web, Remote remote) throws IOException, InterruptedException {
    try (Web.Reply reply = web.get(remote.uri(), "bytes=0-0")) {
      refuseWebPage(reply, remote.uri());
      long size = size(reply);
      if (size < 0 || size > LONGEST) {
        throw new UserException(
            "%s: the server does not say a length that can be".formatted(Web.shown(remote.uri())));
      }
      if (remote.size() >= 0 && remote.size() != size) {
        throw new UserException(
            "%s should have %d bytes, but the server has %d; try later, or another --hub"
                .formatted(Web.shown(remote.uri()), remote.size(), size));
      }
      Optional<String> sha256 = remote.sha256().or(reply::sha256);
      String identity =
          sha256.orElseGet(() -> reply.header("ETag") + "," + reply.header("Last-Modified"));
      return new Source(
          remote.uri(), size, reply.partial(), sha256, identity.replaceAll("\\s+", "_"));
    }
  }

  private static long size(Web.Reply reply) {
    if (!reply.partial()) {
      long length = Web.length(reply.header("Content-Length"));
      return length < 0 ? reply.size() : length;
    }
    Matcher range = RANGE.matcher(reply.header("Content-Range"));
    return range.matches() ? Long.parseLong(range.group(3)) : -1;
  }

  static void refuseWebPage(Web.Reply reply, URI uri) {
    if (reply.header("Content-Type").toLowerCase(Locale.ROOT).startsWith("text/html")) {
      throw new UserException(
          "%s is a web page, not a file; give the address of the file itself, and HF_TOKEN where a login is needed"
              .formatted(Web.shown(uri)));
    }
  }

  /// Checks that an answer is what was asked for.
  ///
  /// @param from first byte, counted in this file
  /// @param to behind the last one
  void check(Web.Reply reply, long from, long to) throws Hiccup {
    refuseWebPage(reply, uri);
    String at = Web.shown(uri);
    if (!ranges) {
      long length = Web.length(reply.header("Content-Length"));
      if (length >= 0 && length != size) {
        throw new UserException(
            "%s: the server said %d bytes, and now sends %d".formatted(at, size, length));
      }
      return;
    }
    Matcher range = RANGE.matcher(reply.header("Content-Range"));
    if (!reply.partial()) {
      throw new Hiccup("%s: the server sends the whole file instead of a part".formatted(at));
    }
    if (!range.matches()
        || Long.parseLong(range.group(1)) != from
        || Long.parseLong(range.group(2)) != to - 1
        || Long.parseLong(range.group(3)) != size) {
      throw new UserException(
          "%s: the server sends '%s' where bytes %d-%d of %d were asked for"
              .formatted(at, reply.header("Content-Range"), from, to - 1, size));
    }
  }
}
