package dllama.constraint;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/// What a text may be, as an automaton over its bytes with a stack. Immutable, for any thread; a
/// [GrammarMask] holds where an answer stands in it.
///
/// All texts of a grammar can be completed from wherever they stand: an alternative that would need
/// more nesting than there is room for is left out.
public abstract sealed class Grammar
    permits Terminal, Sequence, Choice, Repeat, Members, Nested, Reference {
  /// Objects and arrays within each other that have something in them.
  static final int MOST_NESTED = 64;

  /// The height of what can not be completed.
  static final int ENDLESS = 1 << 20;

  /// Objects and arrays within each other that the shortest way to complete it needs.
  private int height = ENDLESS;

  /// Whether the height is known.
  private boolean settled;

  /// A text that stands before a grammar takes over.
  public record Trigger(String text, Grammar then) {
    public Trigger {
      if (text.isEmpty()) {
        throw new IllegalArgumentException("an empty trigger");
      }
    }
  }

  /// Just this text.
  public static Grammar literal(String text) {
    return settled(new Words(List.of(text.getBytes(StandardCharsets.UTF_8))));
  }

  /// One after the other.
  public static Grammar sequence(Grammar... parts) {
    return settled(new Sequence(List.of(parts)));
  }

  /// Any one of them.
  public static Grammar choice(Grammar... alternatives) {
    return choice(List.of(alternatives));
  }

  /// Any one of them.
  public static Grammar choice(List<Grammar> alternatives) {
    if (alternatives.isEmpty()) {
      throw new IllegalArgumentException("a choice of nothing");
    }
    return settled(new Choice(List.copyOf(alternatives)));
  }

  /// From `min` to `max` times, with a text between.
  ///
  /// @param max [Integer#MAX_VALUE]: as often as it likes
  public static Grammar repeat(Grammar item, String separator, int min, int max) {
    if (min < 0 || max < min || Ways.into(item).mayEnd()) {
      throw new IllegalArgumentException("min=%d max=%d, or an empty item".formatted(min, max));
    }
    return settled(new Repeat(item, literal(separator), min, max));
  }

  /// JSON that a schema allows, written as one line or with line breaks.
  public static Grammar json(JsonSchema schema) {
    return schema.grammar();
  }

  /// Any JSON object.
  public static Grammar anyJsonObject() {
    return JsonText.OBJECT;
  }

  /// Any text of whole characters.
  public static Grammar freeText() {
    return Patterns.TEXT;
  }

  /// Any text of whole characters in which none of the triggers occurs; or one up to and with the
  /// first trigger, and then what that one's grammar allows.
  ///
  /// @param mayEnd whether the text may do without a trigger
  public static Grammar freeText(List<Trigger> triggers, boolean mayEnd) {
    List<String> texts = triggers.stream().map(Trigger::text).toList();
    List<Grammar> ways = new ArrayList<>();
    if (mayEnd) {
      ways.add(TriggerText.without(texts));
    }
    for (Trigger trigger : triggers) {
      ways.add(sequence(TriggerText.until(trigger.text(), texts), trigger.then()));
    }
    return choice(ways);
  }

  /// Adds all ways in which it can begin, on a stack.
  abstract void enter(Frame next, Ways ways);

  /// Adds all ways to go on after what a frame of this grammar has waited for.
  void after(Frame frame, Ways ways) {
    throw new IllegalStateException("waits for nothing");
  }

  /// Grammars that it is made of.
  List<Grammar> parts() {
    return List.of();
  }

  /// Objects and arrays within each other that the shortest way to complete it needs, as far as
  /// is known of its parts; [#ENDLESS]: it can not be completed.
  abstract int computeHeight();

  final int height() {
    return height;
  }

  /// Whether it can be completed on this stack.
  final boolean fits(Frame next) {
    return next.depth + height <= MOST_NESTED;
  }

  /// Works out the heights of a grammar that may contain itself: from above, until nothing changes.
  static <G extends Grammar> G settled(G root) {
    List<Grammar> all = new ArrayList<>();
    Set<Grammar> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    all.add(root);
    for (int i = 0; i < all.size(); i++) {
      for (Grammar part : all.get(i).parts()) {
        if (!part.settled && seen.add(part)) {
          all.add(part);
        }
      }
    }
    boolean changes = true;
    while (changes) {
      changes = false;
      for (Grammar part : all.reversed()) {
        int height = Math.min(ENDLESS, part.computeHeight());
        changes |= height != part.height;
        part.height = height;
      }
    }
    all.forEach(part -> part.settled = true);
    return root;
  }
}
