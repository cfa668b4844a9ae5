package dllama.constraint;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Formats of strings as regular expressions. Some allow less than their standard does, never more.
final class Formats {
  private static final String DATE = date();

  /// RFC 3339, without leap seconds.
  private static final String TIME =
      "([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)";

  /// RFC 1123: no part longer than 63 characters; here at most four of them, so at most 253.
  private static final String HOST = host();

  private static final String BYTE = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";

  /// By name; each is the whole string.
  static final Map<String, String> PATTERNS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("date", whole(DATE)),
              Map.entry("time", whole(TIME)),
              Map.entry("date-time", whole(DATE + "T" + TIME)),
              Map.entry("duration", whole(duration())),
              Map.entry(
                  "email", whole("[a-zA-Z0-9_+-]{1,16}(\\.[a-zA-Z0-9_+-]{1,16}){0,2}@" + named())),
              Map.entry("hostname", whole(HOST)),
              Map.entry("ipv4", whole(BYTE + "(\\." + BYTE + "){3}")),
              Map.entry("ipv6", whole(ipv6())),
              Map.entry("uri", whole("https?://" + named() + "(/[a-zA-Z0-9._~-]{0,64}){0,8}")),
              Map.entry("uuid", whole("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"))));

  /// What OpenAPI says of numbers and of bytes, which is no limit of texts.
  static final Set<String> OF_NUMBERS =
      Set.of("int32", "int64", "float", "double", "binary", "byte", "password");

  private Formats() {}

  private static String whole(String pattern) {
    return "^(" + pattern + ")$";
  }

  /// RFC 3339's full-date, with the days that months have.
  private static String date() {
    String leap = "(\\d\\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)";
    return "(\\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)"
        + "|02-(0[1-9]|1\\d|2[0-8]))|"
        + leap
        + "-02-29)";
  }

  /// RFC 3339, appendix A, with up to four digits each.
  private static String duration() {
    String number = "\\d{1,4}";
    String time = "T(N H(N M(N S)?)?|N M(N S)?|N S)".replace(" ", "");
    String date = "(N D|N M(N D)?|N Y(N M(N D)?)?)".replace(" ", "");
    return ("P(N W|" + time + "|" + date + "(" + time + ")?)")
        .replace(" ", "")
        .replace("N", number);
  }

  private static String label() {
    return "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
  }

  private static String host() {
    return label() + "(\\." + label() + "){0,2}";
  }

  /// A host with a top-level domain of letters.
  private static String named() {
    return "([a-zA-Z0-9]{1,24}(-[a-zA-Z0-9]{1,24})?\\.){1,3}[a-zA-Z]{2,3}";
  }

  /// RFC 4291 without the mixed form: eight groups, or fewer with one gap.
  private static String ipv6() {
    String group = "[0-9a-fA-F]{1,4}";
    StringBuilder forms = new StringBuilder("(%s:){7}%s".formatted(group, group));
    for (int before = 0; before <= 6; before++) {
      String head = before == 0 ? ":" : "(%s:){%d}".formatted(group, before);
      int after = 6 - before;
      forms.append("|").append(head).append(":");
      if (after > 0) {
        forms.append("(%s(:%s){0,%d})?".formatted(group, group, after - 1));
      }
    }
    return forms.toString();
  }
}
