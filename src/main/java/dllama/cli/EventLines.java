package dllama.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The data of server-sent events, one after the other, as servers of this API send them: each in
/// one line. One thread; whoever closes the stream ends it.
final class EventLines {
  /// More than any event of an answer has.
  private static final int MAX_LINE = 1 << 20;

  private static final String DATA = "data:";

  private final InputStream in;

  EventLines(InputStream in) {
    this.in = new BufferedInputStream(in);
  }

  /// The next one; empty at the end of the stream.
  Optional<String> next() throws IOException {
    for (String line = line(); line != null; line = line()) {
      if (line.startsWith(DATA)) {
        return Optional.of(line.substring(DATA.length()).strip());
      }
    }
    return Optional.empty();
  }

  private @Nullable String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        return null;
      }
      if (line.size() == MAX_LINE) {
        throw new IOException("an event of more than 1 MiB");
      }
      line.write(c);
    }
    return line.toString(StandardCharsets.UTF_8);
  }
}
