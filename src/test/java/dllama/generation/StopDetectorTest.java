package dllama.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.generation.StopDetector.Verdict;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StopDetectorTest {
  @Test
  void shouldDecideAsDistributedLlama() {
    JsonNode cases = Conformance.golden("eos_detector").get("cases");
    assertEquals(140, cases.size());
    for (JsonNode item : cases) {
      List<Integer> ids = new ArrayList<>();
      item.get("stop_token_ids").forEach(id -> ids.add(id.asInt()));
      List<String> stops = new ArrayList<>();
      item.get("stop_pieces").forEach(stop -> stops.add(stop.asText()));
      StopDetector detector =
          new StopDetector(
              ids, stops, item.get("padding_left").asInt(), item.get("padding_right").asInt());
      for (JsonNode step : item.get("steps")) {
        String piece = step.get("piece").isNull() ? "" : step.get("piece").asText();
        Verdict verdict = detector.append(step.get("token").asInt(), piece);
        assertEquals(step.get("verdict").asText(), verdict.name(), item.toString());
        if (verdict != Verdict.MAYBE_EOS) {
          assertArrayEquals(
              Conformance.bytes(step.get("delta_hex")),
              detector.take().getBytes(StandardCharsets.UTF_8),
              item.toString());
        }
      }
    }
  }

  @Test
  void shouldFindAStopAnywhereInALongPiece() {
    StopDetector detector = StopDetector.anywhere(List.of(2), List.of("END", "\n\n"));
    assertEquals(Verdict.EOS, detector.append(7, "a long piece and then END, and more"));
    assertEquals("a long piece and then ", detector.take());
    assertEquals(Verdict.MAYBE_EOS, detector.append(7, "line\n"));
    assertEquals(Verdict.EOS, detector.append(7, "\nnext"));
    assertEquals("line", detector.take());
  }

  @Test
  void shouldHandOutWhatWasHeldBack() {
    StopDetector detector = StopDetector.anywhere(List.of(2), List.of("END"));
    assertEquals(Verdict.MAYBE_EOS, detector.append(7, "the E"));
    assertEquals("the E", detector.take(), "the answer was cut off here");
    assertEquals("", detector.take());
  }

  @Test
  void shouldStopAtAnEndTokenOnly() {
    StopDetector detector = StopDetector.anywhere(List.of(2), List.of());
    assertEquals(Verdict.NOT_EOS, detector.append(7, "é"));
    assertEquals("é", detector.take());
    assertEquals(Verdict.EOS, detector.append(2, ""));
    assertEquals("", detector.take());
  }
}
