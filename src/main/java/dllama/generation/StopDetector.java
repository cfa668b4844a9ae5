package dllama.generation;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Tells when an answer has ended: by a stop token, or by a stop string, which may be spread over
/// several pieces. Text that may be the beginning of a stop string is held back until it is clear.
/// Not thread-safe.
///
/// Usage: [#append] each token; unless the verdict is MAYBE_EOS, show what [#take] returns. After
/// the last token of an answer that was cut off, `take` gives what is still held back.
public final class StopDetector {
  /// What is known after a token.
  public enum Verdict {
    NOT_EOS,
    /// The text so far may end in the beginning of a stop string.
    MAYBE_EOS,
    EOS
  }

  private static final int ANYWHERE = Integer.MAX_VALUE;

  private final Set<Integer> stopIds;
  private final List<byte[]> stops;
  private final int paddingLeft;
  private final int paddingRight;

  private final ByteArrayOutputStream held = new ByteArrayOutputStream();

  /// Bytes of the held text that belong to the answer.
  private int answerLength;

  /// The stop string that ended the answer.
  private byte @Nullable [] found;

  /// A detector that, as distributed-llama's, only looks near the borders of pieces.
  ///
  /// @param paddingLeft the most bytes that may stand before a stop string in the held text
  /// @param paddingRight the most bytes that may follow it
  public StopDetector(
      Collection<Integer> stopIds, Collection<String> stops, int paddingLeft, int paddingRight) {
    this.stopIds = Set.copyOf(stopIds);
    this.stops =
        stops.stream()
            .filter(stop -> !stop.isEmpty())
            .map(stop -> stop.getBytes(StandardCharsets.UTF_8))
            .toList();
    this.paddingLeft = paddingLeft;
    this.paddingRight = paddingRight;
  }

  /// A detector that finds stop strings anywhere in the text, however long a piece is.
  public static StopDetector anywhere(Collection<Integer> stopIds, Collection<String> stops) {
    return new StopDetector(stopIds, stops, ANYWHERE, ANYWHERE);
  }

  /// Takes the next token and the text that it completed, which may be empty.
  public Verdict append(int token, String piece) {
    held.writeBytes(piece.getBytes(StandardCharsets.UTF_8));
    answerLength = held.size();
    if (stopIds.contains(token)) {
      return Verdict.EOS;
    }
    byte[] text = held.toByteArray();
    Verdict verdict = Verdict.NOT_EOS;
    for (byte[] stop : stops) {
      verdict = latest(verdict, search(text, stop));
    }
    return verdict;
  }

  /// What both together say: one stop string that is there counts more than the beginning of
  /// others.
  private static Verdict latest(Verdict one, Verdict other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  private Verdict search(byte[] text, byte[] stop) {
    int lastStart = Math.min(paddingLeft, text.length - 1);
    for (int start = 0; start <= lastStart; start++) {
      int rest = text.length - start;
      if (rest > (long) stop.length + paddingRight) {
        continue;
      }
      int compared = Math.min(rest, stop.length);
      if (Arrays.equals(text, start, start + compared, stop, 0, compared)) {
        if (compared < stop.length) {
          return Verdict.MAYBE_EOS;
        }
        if (start < answerLength) {
          answerLength = start; // the one that comes first ends it
          found = stop;
        }
        return Verdict.EOS;
      }
    }
    return Verdict.NOT_EOS;
  }

  /// The stop string that ended the answer, if one did.
  public Optional<String> found() {
    return Optional.ofNullable(found).map(stop -> new String(stop, StandardCharsets.UTF_8));
  }

  /// The held text without a stop string and what follows it; nothing is held afterwards.
  public String take() {
    String text = new String(held.toByteArray(), 0, answerLength, StandardCharsets.UTF_8);
    held.reset();
    answerLength = 0;
    return text;
  }
}
