package dllama.hub;

import java.net.URI;
import java.util.Optional;

/// A file on a server.
///
/// @param size bytes; -1 where nobody has said it yet
/// @param sha256 hexadecimal, if somebody has said it
record Remote(URI uri, long size, Optional<String> sha256) {
  static Remote of(URI uri) {
    return new Remote(uri, -1, Optional.empty());
  }
}
