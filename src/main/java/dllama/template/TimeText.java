package dllama.template;

import java.time.LocalDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/// A time as C's `strftime` writes it, in English.
final class TimeText {
  private final LocalDateTime time;
  private final Context context;

  TimeText(LocalDateTime time, Context context) {
    this.time = time;
    this.context = context;
  }

  String format(String pattern) {
    Output out = new Output(context.budget);
    for (int at = 0; at < pattern.length(); at++) {
      char c = pattern.charAt(at);
      if (c != '%' || at + 1 == pattern.length()) {
        out.append(c);
        continue;
      }
      char field = pattern.charAt(++at);
      boolean unpadded = field == '-' && at + 1 < pattern.length();
      if (unpadded) {
        field = pattern.charAt(++at);
      }
      String text = field(field);
      boolean zero = unpadded && text.length() > 1 && "dmHIMSjyUW".indexOf(field) >= 0;
      out.append(zero ? Integer.toString(Integer.parseInt(text)) : text);
    }
    return out.toString();
  }

  private String field(char field) {
    return switch (field) {
      case 'Y' -> Integer.toString(time.getYear());
      case 'm' -> two(time.getMonthValue());
      case 'd' -> two(time.getDayOfMonth());
      case 'H' -> two(time.getHour());
      case 'M' -> two(time.getMinute());
      case 'S' -> two(time.getSecond());
      case 'b', 'h' -> time.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
      case 'B' -> time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'a' -> time.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
      case 'A' -> time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'c' -> format("%a %b %e %H:%M:%S %Y");
      case 'x', 'D' -> format("%m/%d/%y");
      case 'X', 'T' -> format("%H:%M:%S");
      case 'F' -> format("%Y-%m-%d");
      case 'R' -> format("%H:%M");
      case 'r' -> format("%I:%M:%S %p");
      default -> rare(field);
    };
  }

  private String rare(char field) {
    int weekDay = time.getDayOfWeek().getValue();
    return switch (field) {
      case 'e' -> "%2d".formatted(time.getDayOfMonth());
      case 'y' -> two(time.getYear() % 100);
      case 'C' -> two(time.getYear() / 100);
      case 'I' -> two((time.getHour() + 11) % 12 + 1);
      case 'p' -> time.getHour() < 12 ? "AM" : "PM";
      case 'j' -> "%03d".formatted(time.getDayOfYear());
      case 'f' -> "%06d".formatted(time.get(ChronoField.MICRO_OF_SECOND));
      case 'u' -> Integer.toString(weekDay);
      case 'w' -> Integer.toString(weekDay % 7);
      case 'U' -> two((time.getDayOfYear() + 6 - weekDay % 7) / 7);
      case 'W' -> two((time.getDayOfYear() + 6 - (weekDay + 6) % 7) / 7);
      case 'V' -> two(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
      case 'G' -> Integer.toString(time.get(IsoFields.WEEK_BASED_YEAR));
      case 'Z', 'z' -> "";
      case 'n' -> "\n";
      case 't' -> "\t";
      case '%' -> "%";
      default -> "%" + field;
    };
  }

  private static String two(int number) {
    return number < 10 ? "0" + number : Integer.toString(number);
  }
}
