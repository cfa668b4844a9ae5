package dllama.constraint;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/// All the ways in which a text can be read so far, each a stack that takes a byte or is complete.
/// There are several where alternatives begin alike.
final class Ways implements Iterable<Frame> {
  /// More than any schema of use has. Each way can be completed, so further ones may be left out.
  private static final int MOST = 1024;

  private final Set<Frame> frames = new LinkedHashSet<>(4);

  /// Those with which a text begins.
  static Ways into(Grammar grammar) {
    Ways ways = new Ways();
    grammar.enter(Frame.END, ways);
    return ways;
  }

  /// Those below a frame, once what is above it is complete.
  static Ways below(Frame frame) {
    Ways ways = new Ways();
    frame.resume(ways);
    return ways;
  }

  void add(Frame frame) {
    if (frames.size() < MOST) {
      frames.add(frame);
    }
  }

  /// Those that take a byte, after it.
  Ways after(byte value) {
    Ways ways = new Ways();
    for (Frame frame : frames) {
      if (frame.node instanceof Terminal terminal) {
        long state = terminal.next(frame.state, value);
        if (state != Terminal.NONE) {
          terminal.arrive(state, frame.below(), ways);
        }
      }
    }
    return ways;
  }

  /// Those that take all of the bytes, after them.
  Ways after(byte[] text, int from) {
    Ways ways = this;
    for (int i = from; i < text.length; i++) {
      ways = ways.after(text[i]);
    }
    return ways;
  }

  boolean mayEnd() {
    return frames.contains(Frame.END);
  }

  boolean isEmpty() {
    return frames.isEmpty();
  }

  @Override
  public Iterator<Frame> iterator() {
    return frames.iterator();
  }
}
