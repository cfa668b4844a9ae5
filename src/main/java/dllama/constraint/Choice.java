package dllama.constraint;

import java.util.List;

/// Any one of several; of none: what can not be.
final class Choice extends Grammar {
  private final List<Grammar> alternatives;

  Choice(List<Grammar> alternatives) {
    this.alternatives = alternatives;
  }

  @Override
  void enter(Frame next, Ways ways) {
    for (Grammar alternative : alternatives) {
      if (alternative.fits(next)) {
        alternative.enter(next, ways);
      }
    }
  }

  @Override
  List<Grammar> parts() {
    return alternatives;
  }

  @Override
  int computeHeight() {
    return alternatives.stream().mapToInt(Grammar::height).min().orElse(ENDLESS);
  }
}
