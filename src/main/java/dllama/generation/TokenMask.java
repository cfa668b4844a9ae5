package dllama.generation;

import java.util.BitSet;

/// Which tokens an answer may go on with, such as those that a grammar allows. Of one sequence.
///
/// One call at a time, and the next one sees what the one before did. [#allowed] runs on a thread
/// of its own, once per token, while the step runs that the token is chosen from, so it may take as
/// long as that without anybody waiting; where no token ends the answer, it is waited for before.
/// After five seconds the answer fails, because all others wait, too. The rest is called by the
/// [Scheduler]'s thread, and has to be quick.
public interface TokenMask {
  /// Tokens that may come next, but for those that end the answer. The same until [#accept], and
  /// not changed until then.
  BitSet allowed();

  /// Whether the answer may end here. Where it has to, and where it can neither end nor go on, it
  /// ends.
  boolean mayEnd();

  /// A token was taken into the answer; not one that ends it.
  void accept(int token);
}
