package dllama.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/// Grammars of numbers with limits. They are counted in units of a power of ten, fine enough that a
/// number has up to 15 digits, and limits are rounded towards the inside: whatever is written
/// holds.
final class SchemaNumbers {
  /// Digits that numbers of 64 bits keep.
  private static final int DIGITS = 15;

  private static final long USUAL = 1_000_000_000_000_000L - 1;

  /// Digits in front of the point where there is no limit.
  private static final int OPEN_DIGITS = 9;

  /// Limits have fewer digits before and behind the point; larger ones are as good as none.
  private static final int MOST_DIGITS = 400;

  private static final BigDecimal FAR = BigDecimal.TEN.pow(30);

  private final JsonNode schema;
  private final String where;

  private SchemaNumbers(JsonNode schema, String where) {
    this.schema = schema;
    this.where = where;
  }

  static Grammar grammar(JsonNode schema, boolean integer, String where) {
    return new SchemaNumbers(schema, where).grammar(integer);
  }

  private Grammar grammar(boolean integer) {
    BigDecimal min = limit("minimum");
    BigDecimal above = limit("exclusiveMinimum");
    BigDecimal max = limit("maximum");
    BigDecimal below = limit("exclusiveMaximum");
    BigDecimal step = step(integer);
    boolean free = min == null && above == null && max == null && below == null;
    if (free && step == null && !integer) {
      return JsonText.NUMBER;
    }
    int scale;
    if (step == null) {
      scale = integer ? 0 : Math.max(0, DIGITS - wholeDigits(min, above, max, below));
      step = BigDecimal.ONE.movePointLeft(scale);
    } else {
      scale = Math.max(0, step.stripTrailingZeros().scale());
    }
    long low = Long.MIN_VALUE;
    long high = Long.MAX_VALUE;
    if (min != null) {
      low = units(min, scale, RoundingMode.CEILING);
    }
    if (above != null) {
      low = Math.max(low, units(above, scale, RoundingMode.FLOOR) + 1);
    }
    if (max != null) {
      high = units(max, scale, RoundingMode.FLOOR);
    }
    if (below != null) {
      high = Math.min(high, units(below, scale, RoundingMode.CEILING) - 1);
    }
    boolean usual = low <= USUAL && high >= -USUAL && near(low) && near(high);
    long most = usual ? USUAL : Decimal.MOST;
    low = Math.max(low, low == Long.MIN_VALUE ? -most : -Decimal.MOST);
    high = Math.min(high, high == Long.MAX_VALUE ? most : Decimal.MOST);
    long unit = units(step, scale, RoundingMode.UNNECESSARY);
    if (unit > Decimal.MOST || low > high) {
      return SchemaCompiler.NOTHING;
    }
    Decimal decimal = new Decimal(low, high, unit, scale);
    return decimal.isEmpty() ? SchemaCompiler.NOTHING : decimal;
  }

  private static boolean near(long limit) {
    return limit == Long.MIN_VALUE || limit == Long.MAX_VALUE || Math.abs(limit) <= USUAL;
  }

  /// A number in units, or one beyond all that are used.
  private static long units(BigDecimal number, int scale, RoundingMode rounding) {
    BigDecimal bounded = number.min(FAR).max(FAR.negate());
    BigInteger units = bounded.movePointRight(scale).setScale(0, rounding).toBigInteger();
    long far = Long.MAX_VALUE / 4;
    return units.min(BigInteger.valueOf(far)).max(BigInteger.valueOf(-far)).longValue();
  }

  /// What numbers are multiples of; whole numbers that are multiples of a fraction are multiples of
  /// the least whole one.
  private @Nullable BigDecimal step(boolean integer) {
    BigDecimal step = limit("multipleOf");
    if (step == null) {
      return null;
    }
    step = step.stripTrailingZeros();
    if (step.signum() <= 0 || step.scale() > DIGITS || step.compareTo(FAR) > 0) {
      throw SchemaDocument.refused(
          where, "\"multipleOf\" has to be above 0, with at most %d decimals".formatted(DIGITS));
    }
    if (!integer || step.scale() <= 0) {
      return step;
    }
    BigInteger ten = BigInteger.TEN.pow(step.scale());
    return new BigDecimal(step.unscaledValue().divide(step.unscaledValue().gcd(ten)));
  }

  private static int wholeDigits(@Nullable BigDecimal... limits) {
    int digits = 1;
    int given = 0;
    for (BigDecimal limit : limits) {
      if (limit != null) {
        given++;
        digits = Math.max(digits, limit.signum() == 0 ? 1 : limit.precision() - limit.scale());
      }
    }
    boolean open =
        (limits[0] == null && limits[1] == null) || (limits[2] == null && limits[3] == null);
    return open || given == 0 ? Math.max(digits, OPEN_DIGITS) : digits;
  }

  private @Nullable BigDecimal limit(String keyword) {
    JsonNode value = schema.get(keyword);
    return value == null ? null : number(value, keyword, where);
  }

  /// A number of a schema, of no more digits than can be reckoned with quickly.
  static BigDecimal number(JsonNode value, String keyword, String where) {
    if (!value.isNumber() || Double.isNaN(value.doubleValue())) {
      throw SchemaDocument.refused(where, "\"%s\" has to be a number".formatted(keyword));
    }
    if (value.isFloatingPointNumber()
        && Double.isInfinite(value.doubleValue())
        && !value.isBigDecimal()) {
      throw SchemaDocument.refused(where, "\"%s\" is no finite number".formatted(keyword));
    }
    BigDecimal number = value.decimalValue();
    long digits = Math.max(number.precision(), Math.abs((long) number.scale()));
    if (digits > MOST_DIGITS) {
      throw SchemaDocument.refused(
          where, "\"%s\" has more than %d digits".formatted(keyword, MOST_DIGITS));
    }
    return number;
  }
}
