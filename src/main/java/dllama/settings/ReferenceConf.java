package dllama.settings;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Collections;

/// All defaults: every `reference.conf` there is, Akka's and ours, not resolved yet.
///
/// Three quarters of them are comments, through which the parser goes letter by letter, on the way
/// of every start; so they are left out before. Lines keep their numbers.
final class ReferenceConf {
  private static final String NAME = "reference.conf";

  private ReferenceConf() {}

  static Config load() {
    Config all = ConfigFactory.empty();
    try {
      for (URL url : Collections.list(ReferenceConf.class.getClassLoader().getResources(NAME))) {
        all = all.withFallback(parse(url));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }

  private static Config parse(URL url) throws IOException {
    try (InputStream in = url.openStream()) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return ConfigFactory.parseString(
          withoutComments(text), ConfigParseOptions.defaults().setOriginDescription(NAME));
    }
  }

  /// Without lines that are comments as a whole.
  static String withoutComments(String text) {
    StringBuilder kept = new StringBuilder();
    for (int from = 0; from < text.length(); ) {
      int newline = text.indexOf('\n', from);
      int end = newline < 0 ? text.length() : newline;
      if (!isComment(text, from, end)) {
        kept.append(text, from, end);
      }
      kept.append('\n');
      from = end + 1;
    }
    return kept.toString();
  }

  private static boolean isComment(String text, int from, int end) {
    int at = from;
    while (at < end && text.charAt(at) <= ' ') {
      at++;
    }
    return at < end && (text.charAt(at) == '#' || text.startsWith("//", at));
  }
}
