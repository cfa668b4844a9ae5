package dllama.template;

import java.util.Map;
import java.util.function.IntPredicate;

/// Methods of texts that tell of what kind their characters are.
final class KindMethods {
  private KindMethods() {}

  static void addTo(Map<String, Methods.OfText> methods) {
    all(methods, "isalpha", Character::isLetter);
    all(methods, "isalnum", c -> Character.isLetter(c) || isNumeric(c));
    all(methods, "isdecimal", Character::isDigit);
    all(methods, "isdigit", c -> Character.isDigit(c) || isSmallDigit(c));
    all(methods, "isnumeric", KindMethods::isNumeric);
    all(methods, "isspace", Blanks::is);
    methods.put("isascii", (text, _, _) -> text.chars().allMatch(c -> c < 128));
    methods.put("islower", (text, _, _) -> isLower(text));
    methods.put("isupper", (text, _, _) -> isUpper(text));
    methods.put("istitle", (text, _, _) -> isTitle(text));
    methods.put("isidentifier", (text, _, _) -> isIdentifier(text));
    methods.put("isprintable", (text, _, _) -> text.codePoints().allMatch(Text::isPrintable));
  }

  private static void all(
      Map<String, Methods.OfText> methods, String name, IntPredicate predicate) {
    methods.put(name, (text, _, _) -> !text.isEmpty() && text.codePoints().allMatch(predicate));
  }

  private static boolean isSmallDigit(int c) {
    return c == 0xB2 || c == 0xB3 || c == 0xB9 || (c >= 0x2070 && c <= 0x2089);
  }

  private static boolean isNumeric(int c) {
    int type = Character.getType(c);
    return type == Character.DECIMAL_DIGIT_NUMBER
        || type == Character.LETTER_NUMBER
        || type == Character.OTHER_NUMBER;
  }

  private static boolean isCased(int c) {
    return Character.isLowerCase(c) || Character.isUpperCase(c) || Character.isTitleCase(c);
  }

  static boolean isLower(String text) {
    return text.codePoints().anyMatch(KindMethods::isCased)
        && text.codePoints().filter(KindMethods::isCased).allMatch(Character::isLowerCase);
  }

  static boolean isUpper(String text) {
    return text.codePoints().anyMatch(KindMethods::isCased)
        && text.codePoints().filter(KindMethods::isCased).allMatch(Character::isUpperCase);
  }

  private static boolean isTitle(String text) {
    boolean inWord = false;
    boolean any = false;
    for (int c : text.codePoints().toArray()) {
      if (isCased(c)) {
        if (Character.isLowerCase(c) != inWord) {
          return false;
        }
        any = true;
      }
      inWord = isCased(c);
    }
    return any;
  }

  private static boolean isIdentifier(String text) {
    return !text.isEmpty()
        && (text.charAt(0) == '_' || Character.isUnicodeIdentifierStart(text.codePointAt(0)))
        && text.codePoints().allMatch(Character::isUnicodeIdentifierPart);
  }
}
