package dllama.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.junit.jupiter.api.Test;

class PromptLookupTest {
  private final PromptLookup lookup = new PromptLookup();

  private int[] proposal(int max, int... text) {
    lookup.begin(text);
    return lookup.draft(max);
  }

  private static int[] ints(int... values) {
    return values;
  }

  @Test
  void shouldGoOnAsAfterTheSameTokensBefore() {
    assertArrayEquals(ints(3, 4, 5), proposal(3, 1, 2, 3, 4, 5, 9, 1, 2));
    assertArrayEquals(ints(3), proposal(1, 1, 2, 3, 4, 5, 9, 1, 2));
  }

  @Test
  void shouldKnowNothingOfNewTokens() {
    assertArrayEquals(ints(), proposal(4));
    assertArrayEquals(ints(), proposal(4, 1));
    assertArrayEquals(ints(), proposal(4, 1, 2, 3, 4));
    assertArrayEquals(ints(), proposal(4, 1, 2, 3, 4, 1), "one token is too little");
  }

  @Test
  void shouldPreferTheLongerRunToTheLater() {
    assertArrayEquals(ints(7, 8), proposal(2, 1, 2, 3, 7, 8, 5, 2, 3, 6, 6, 1, 2, 3));
  }

  @Test
  void shouldPreferTheLaterOfEqualRuns() {
    assertArrayEquals(ints(6), proposal(1, 1, 2, 5, 1, 2, 6, 1, 2));
  }

  @Test
  void shouldGoRoundInCircles() {
    assertArrayEquals(ints(4, 4, 4, 4, 4), proposal(5, 9, 4, 4, 4));
    assertArrayEquals(ints(1, 2, 3, 1, 2, 3, 1), proposal(7, 1, 2, 3, 1, 2, 3));
  }

  @Test
  void shouldFollowTheText() {
    lookup.begin(ints(1, 2, 3, 4));
    for (int token : ints(8, 1, 2)) {
      lookup.follow(token);
    }
    assertArrayEquals(ints(3, 4, 8), lookup.draft(3));
    lookup.follow(7);
    assertArrayEquals(ints(), lookup.draft(3));
    lookup.begin(ints(1, 2));
    assertArrayEquals(ints(), lookup.draft(3), "another text");
  }

  @Test
  void shouldTakeLongTexts() {
    lookup.begin(new int[0]);
    for (int i = 0; i < 10_000; i++) {
      lookup.follow(i % 5000);
    }
    assertArrayEquals(ints(0, 1, 2), lookup.draft(3));
  }
}
