package dllama.constraint;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// The listed members of an object between its braces, in their order, at least one; those that are
/// not required may be left out. State: the first
/// member that may come next.
final class Members extends Grammar {
  /// A property of an object.
  ///
  /// @param name with quotes and colon
  record Member(Grammar name, Grammar value, boolean required) {}

  private final List<Member> members;

  /// Each as the first one, and behind others.
  private final List<Grammar> first = new ArrayList<>();

  private final List<Grammar> later = new ArrayList<>();

  Members(List<Member> members) {
    this.members = members;
    for (Member member : members) {
      first.add(new Sequence(List.of(member.name(), member.value())));
      later.add(new Sequence(List.of(JsonText.COMMA, member.name(), member.value())));
    }
  }

  @Override
  void enter(Frame next, Ways ways) {
    members(0, first, next, ways);
  }

  @Override
  void after(Frame frame, Ways ways) {
    int from = (int) frame.state;
    if (required(from) == members.size()) {
      frame.below().resume(ways);
    }
    members(from, later, frame.below(), ways);
  }

  /// The first member from there on that may not be left out.
  private int required(int from) {
    int at = from;
    while (at < members.size() && !members.get(at).required()) {
      at++;
    }
    return at;
  }

  /// Goes on with any member up to the next one that is required.
  private void members(int from, List<Grammar> forms, Frame next, Ways ways) {
    for (int i = from; i < Math.min(members.size(), required(from) + 1); i++) {
      if (forms.get(i).fits(next)) {
        forms.get(i).enter(new Frame(this, i + 1L, next), ways);
      }
    }
  }

  @Override
  List<Grammar> parts() {
    List<Grammar> parts = new ArrayList<>(first);
    parts.addAll(later);
    return parts;
  }

  @Override
  int computeHeight() {
    IntStream heights =
        IntStream.range(0, members.size())
            .filter(i -> members.get(i).required())
            .map(i -> first.get(i).height());
    return required(0) < members.size()
        ? heights.max().orElse(0)
        : first.stream().mapToInt(Grammar::height).min().orElse(ENDLESS);
  }
}
