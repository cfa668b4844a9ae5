package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.cluster.wire.WorldSpec;
import dllama.logits.LogitsQuestion;
import dllama.logits.LogitsWanted;
import dllama.step.Run;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RehearsalScriptTest {
  @Test
  void shouldAskEveryKindOfQuestionAndFeedPromptsInEveryRound() {
    var script = new RehearsalScript(32, WorldSpec.REHEARSAL_CONTEXT);
    for (int round = 0; round < 2; round++) {
      Set<Class<?>> kinds = new HashSet<>();
      Set<Class<?>> questions = new HashSet<>();
      List<Integer> tokens = new ArrayList<>();
      int position = 0;
      do {
        Run batch = script.next();
        assertEquals(position, batch.position());
        position += batch.tokens().length;
        kinds.add(batch.wanted().getClass());
        LogitsQuestion question = script.question();
        if (question != null) {
          questions.add(question.getClass());
        }
        tokens.add(batch.tokens().length);
      } while (!script.isRoundOver());
      assertEquals(Set.of(LogitsWanted.class.getPermittedSubclasses()), kinds);
      assertEquals(Set.of(LogitsQuestion.class.getPermittedSubclasses()), questions);
      assertEquals(RehearsalScript.STEPS, tokens.size());
      assertEquals(List.of(1, 1, 1, 4, 9, 9, 32), tokens.subList(RehearsalScript.SINGLE, 107));
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 3", "2, 40", "32, 33"})
  void shouldStayWithinSmallLimits(int maxBatchTokens, int context) {
    var script = new RehearsalScript(maxBatchTokens, context);
    int reach = 0;
    for (int step = 0; step < 2 * RehearsalScript.STEPS; step++) {
      Run batch = script.next();
      int tokens = batch.tokens().length;
      assertTrue(tokens >= 1 && tokens <= maxBatchTokens);
      assertTrue(batch.position() + tokens <= context);
      assertTrue(batch.position() <= reach, "a gap in the cache");
      assertTrue(batch.wanted().count() <= tokens);
      reach = Math.max(reach, batch.position() + tokens);
    }
  }
}
