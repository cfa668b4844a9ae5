package dllama.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class PatternsTest {
  private static final String LETTERS = "abc01 \n\"\\é日😀";

  private static final List<String> PATTERNS =
      List.of(
          "a",
          "^a",
          "a\\z".replace("\\z", "$"),
          "^a$",
          "^$",
          "",
          "a|^b",
          "(^a|b$)",
          "a+b*c?",
          "^[^a]*$",
          "^(ab|ba){2,3}$",
          "[a-c0]{3}",
          "^\\w+$",
          "\\d\\d",
          "^[^\\d\\s]+$",
          "^.$",
          "^..$",
          "é|日",
          "^[é-日]$",
          "😀$",
          "^\"\\\\$",
          "\\n",
          "a(b(c)?)?0",
          "^(a?){3}b",
          "(?:a|(?<x>b))c",
          "a{2}",
          "^a{0}b",
          "b{1,}",
          "^(a*)*b$",
          "(a|b|)c",
          "[]a]".replace("[]a]", "[a\\]]"),
          "[a-]",
          "\\u0061",
          "\\x62c",
          "^(|a)$",
          "a^",
          "$a",
          "^a|b|c$");

  /// Against Java's regular expressions, over short texts.
  @Test
  void shouldFindWhatJavaFinds() {
    Random random = new Random(8);
    int found = 0;
    for (String pattern : PATTERNS) {
      Optional<Dfa> dfa = Patterns.strings(pattern, Optional.empty());
      Optional<Dfa> three = Patterns.strings(pattern, Optional.of(new JsonString(1, 3)));
      // Java's $ is also in front of a last line break.
      Pattern java = Pattern.compile(pattern.replace("$", "\\z"));
      int[] letters = LETTERS.codePoints().toArray();
      for (int i = 0; i < 1500; i++) {
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(6);
        for (int j = 0; j < length; j++) {
          text.appendCodePoint(letters[random.nextInt(letters.length)]);
        }
        boolean expected = java.matcher(text).find();
        found += expected ? 1 : 0;
        byte[] json =
            Schemas.JSON
                .getNodeFactory()
                .textNode(text.toString())
                .toString()
                .getBytes(StandardCharsets.UTF_8);
        String what = "%s in %s".formatted(pattern, new String(json, StandardCharsets.UTF_8));
        assertEquals(expected, dfa.isPresent() && dfa.get().matches(json), what);
        assertEquals(
            expected && length >= 1 && length <= 3,
            three.isPresent() && three.get().matches(json),
            what);
      }
    }
    assertTrue(found > 1000);
  }

  @Test
  void shouldTakeEveryCharacterOfAString() {
    Dfa any =
        Patterns.strings("^[^]$".replace("[^]", "[\\u0000-\\u{10ffff}]"), Optional.empty()).get();
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      if (c >= 0xD800 && c <= 0xDFFF) {
        continue;
      }
      String json = Schemas.JSON.getNodeFactory().textNode(Character.toString(c)).toString();
      assertTrue(any.matches(json.getBytes(StandardCharsets.UTF_8)), json);
    }
    assertFalse(any.matches("\"\n\"".getBytes(StandardCharsets.UTF_8)));
    assertFalse(any.matches("\"\"\"".getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void shouldKnowTheDaysOfMonths() {
    Dfa date = Patterns.strings(Formats.PATTERNS.get("date"), Optional.empty()).get();
    for (int year = 1896; year <= 2104; year++) {
      for (int month = 0; month <= 13; month++) {
        for (int day = 0; day <= 32; day++) {
          boolean valid;
          try {
            java.time.LocalDate.of(year, month, day);
            valid = true;
          } catch (java.time.DateTimeException e) {
            valid = false;
          }
          String text = "\"%04d-%02d-%02d\"".formatted(year, month, day);
          assertEquals(valid, date.matches(text.getBytes(StandardCharsets.US_ASCII)), text);
        }
      }
    }
  }
}
