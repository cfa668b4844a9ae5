package dllama.format.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dllama.error.UserException;
import dllama.format.file.InputFile;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The metadata of a GGUF file: values by key. They stay in the mapped file and are read when they
/// are asked for. A value that is missing, of another type, or beyond what can be meant is refused
/// with its key. Readable from any thread while the file is open.
public final class GgufMetadata {
  /// More than any file has.
  private static final int MOST_KEYS = 1 << 14;

  private static final int LONGEST_KEY = 1024;

  /// Bytes of a key of one letter with a value of one byte.
  private static final int LEAST_PAIR = Long.BYTES + 1 + Integer.BYTES + 1;

  /// Elements of all arrays of texts together; vocabulary and merges have half a million.
  private static final int MOST_STRINGS = 1 << 23;

  private static final int MOST_VALUES = 1 << 26;

  /// Where a value is.
  ///
  /// @param type of the value, or of the elements of an array
  /// @param count elements of an array; −1 for a single value
  private record Place(GgufValueType type, int count, long offset) {
    boolean single() {
      return count < 0;
    }

    /// As messages say it.
    String kind() {
      return single() ? type.name() : "ARRAY of " + type;
    }
  }

  private final InputFile file;
  private final MemorySegment bytes;
  private final Map<String, Place> places = new LinkedHashMap<>();

  private GgufMetadata(InputFile file, MemorySegment bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  /// Reads the number of pairs, and the pairs.
  static GgufMetadata read(InputFile file, GgufCursor cursor) {
    GgufMetadata metadata = new GgufMetadata(file, cursor.bytes());
    long count = cursor.count("metadata keys", LEAST_PAIR, MOST_KEYS);
    int strings = 0;
    for (int i = 0; i < count; i++) {
      cursor.enter("metadata key " + i);
      String key = cursor.name(LONGEST_KEY);
      cursor.enter("metadata " + key);
      Place place = place(cursor);
      strings += place.type == GgufValueType.STRING && !place.single() ? place.count : 0;
      if (strings > MOST_STRINGS) {
        throw cursor.damaged("has more texts than any vocabulary");
      }
      if (metadata.places.put(key, place) != null) {
        throw cursor.damaged("appears twice");
      }
      skip(cursor, place);
    }
    return metadata;
  }

  private static Place place(GgufCursor cursor) {
    GgufValueType type = GgufValueType.of(cursor.int32(), cursor);
    if (type != GgufValueType.ARRAY) {
      return new Place(type, -1, cursor.at());
    }
    GgufValueType of = GgufValueType.of(cursor.int32(), cursor);
    if (of == GgufValueType.ARRAY) {
      throw cursor.damaged("is an array of arrays, which no known key is");
    }
    boolean texts = of == GgufValueType.STRING;
    int least = texts ? Long.BYTES : of.bytes();
    long count = cursor.count("elements", least, texts ? MOST_STRINGS : MOST_VALUES);
    return new Place(of, (int) count, cursor.at());
  }

  private static void skip(GgufCursor cursor, Place place) {
    int count = place.single() ? 1 : place.count;
    if (place.type != GgufValueType.STRING) {
      cursor.skip((long) count * place.type.bytes());
      return;
    }
    for (int i = 0; i < count; i++) {
      cursor.skipString();
    }
  }

  /// All keys, in the order of the file.
  public Set<String> keys() {
    return Collections.unmodifiableSet(places.keySet());
  }

  public boolean has(String key) {
    return places.containsKey(key);
  }

  /// A text that must be there.
  public String string(String key) {
    return findString(key).orElseThrow(() -> missing(key));
  }

  public Optional<String> findString(String key) {
    Place place = single(key, "a text");
    if (place == null) {
      return Optional.empty();
    }
    check(key, place, place.type == GgufValueType.STRING, "a text");
    long length = bytes.get(GgufCursor.LONG, place.offset);
    if (length > 1 << 24) {
      throw file.damaged("%s has %,d bytes, too many for a text".formatted(key, length));
    }
    byte[] text = new byte[(int) length];
    MemorySegment.copy(bytes, JAVA_BYTE, place.offset + Long.BYTES, text, 0, text.length);
    return Optional.of(new String(text, StandardCharsets.UTF_8));
  }

  /// A whole number from 0 to 2³¹ − 1 that must be there, of whatever integer type.
  public int u32(String key) {
    return findU32(key).orElseThrow(() -> missing(key));
  }

  public int u32(String key, int otherwise) {
    return findU32(key).orElse(otherwise);
  }

  public OptionalInt findU32(String key) {
    Place place = single(key, "a number");
    if (place == null) {
      return OptionalInt.empty();
    }
    check(key, place, place.type.whole(), "a whole number");
    return OptionalInt.of(number(key, place, 0));
  }

  /// A finite number that must be there.
  public float f32(String key) {
    return findF32(key).orElseThrow(() -> missing(key));
  }

  public float f32(String key, float otherwise) {
    return findF32(key).orElse(otherwise);
  }

  private Optional<Float> findF32(String key) {
    Place place = single(key, "a number");
    return place == null ? Optional.empty() : Optional.of(real(key, place, 0));
  }

  public boolean bool(String key, boolean otherwise) {
    Place place = single(key, "true or false");
    if (place == null) {
      return otherwise;
    }
    check(key, place, place.type == GgufValueType.BOOL, "true or false");
    return bytes.get(JAVA_BYTE, place.offset) != 0;
  }

  /// An array of texts.
  public Optional<GgufStrings> strings(String key) {
    return array(key)
        .map(
            place -> {
              check(key, place, place.type == GgufValueType.STRING, "an array of texts");
              return new GgufStrings(bytes, place.offset, place.count);
            });
  }

  /// An array of whole numbers from −2³¹ to 2³¹ − 1; true and false are 1 and 0.
  public Optional<int[]> ints(String key) {
    return array(key).map(place -> ints(key, place));
  }

  /// An array of finite numbers.
  public Optional<float[]> floats(String key) {
    return array(key)
        .map(
            place -> {
              float[] values = new float[place.count];
              for (int i = 0; i < values.length; i++) {
                values[i] = real(key, place, i);
              }
              return values;
            });
  }

  /// A whole number for each layer: one for all, or an array. True and false are 1 and 0.
  public Optional<int[]> perLayer(String key, int layers) {
    Place place = places.get(key);
    if (place == null) {
      return Optional.empty();
    }
    if (place.single()) {
      int[] same = new int[layers];
      Arrays.fill(same, ints(key, place)[0]);
      return Optional.of(same);
    }
    if (place.count != layers) {
      throw file.damaged(
          "%s has %d values, but there are %d layers".formatted(key, place.count, layers));
    }
    return Optional.of(ints(key, place));
  }

  /// Whether a key that is there has one value.
  boolean isSingle(String key) {
    Place place = places.get(key);
    return place != null && place.single();
  }

  private int[] ints(String key, Place place) {
    boolean truths = place.type == GgufValueType.BOOL;
    check(key, place, truths || place.type.whole(), "of whole numbers");
    int[] values = new int[place.single() ? 1 : place.count];
    for (int i = 0; i < values.length; i++) {
      long value = truths ? bytes.get(JAVA_BYTE, place.offset + i) : whole(place, i);
      values[i] = (int) value;
      if (values[i] != value) {
        throw file.damaged("%s has the value %d, which can not be".formatted(key, value));
      }
    }
    return values;
  }

  private int number(String key, Place place, int index) {
    long value = whole(place, index);
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw file.damaged(
          "%s is %s, which can not be"
              .formatted(
                  key,
                  place.type == GgufValueType.UINT64
                      ? Long.toUnsignedString(value)
                      : Long.toString(value)));
    }
    return (int) value;
  }

  private long whole(Place place, int index) {
    long at = place.offset + (long) index * place.type.bytes();
    return switch (place.type) {
      case UINT8 -> Byte.toUnsignedLong(bytes.get(JAVA_BYTE, at));
      case INT8 -> bytes.get(JAVA_BYTE, at);
      case UINT16 -> Short.toUnsignedLong(bytes.get(GgufCursor.SHORT, at));
      case INT16 -> bytes.get(GgufCursor.SHORT, at);
      case UINT32 -> Integer.toUnsignedLong(bytes.get(GgufCursor.INT, at));
      case INT32 -> bytes.get(GgufCursor.INT, at);
      case UINT64, INT64 -> bytes.get(GgufCursor.LONG, at);
      case FLOAT32, FLOAT64, BOOL, STRING, ARRAY ->
          throw new IllegalStateException(place.toString());
    };
  }

  private float real(String key, Place place, int index) {
    boolean wide = place.type == GgufValueType.FLOAT64;
    check(key, place, wide || place.type == GgufValueType.FLOAT32, "a floating-point number");
    long at = place.offset + (long) index * place.type.bytes();
    float value =
        wide
            ? (float) Double.longBitsToDouble(bytes.get(GgufCursor.LONG, at))
            : Float.intBitsToFloat(bytes.get(GgufCursor.INT, at));
    if (!Float.isFinite(value)) {
      throw file.damaged("%s is %s, which can not be".formatted(key, value));
    }
    return value;
  }

  /// A single value as a number, true and false as 1 and 0; empty for a text or an array.
  Optional<Double> number(String key) {
    Place place = places.get(key);
    if (place == null || !place.single()) {
      return Optional.empty();
    }
    if (place.type == GgufValueType.BOOL) {
      return Optional.of((double) bytes.get(JAVA_BYTE, place.offset));
    }
    if (place.type.whole()) {
      return Optional.of((double) whole(place, 0));
    }
    return place.type == GgufValueType.STRING
        ? Optional.empty()
        : Optional.of((double) real(key, place, 0));
  }

  /// A value with its type, byte by byte as in the file.
  byte[] raw(String key) {
    Place place = places.get(key);
    if (place == null) {
      throw missing(key);
    }
    long end = place.offset;
    for (int i = 0; i < (place.single() ? 1 : place.count); i++) {
      end +=
          place.type == GgufValueType.STRING
              ? Long.BYTES + bytes.get(GgufCursor.LONG, end)
              : place.type.bytes();
    }
    int before = place.single() ? Integer.BYTES : 2 * Integer.BYTES + Long.BYTES;
    return bytes.asSlice(place.offset - before, end - place.offset + before).toArray(JAVA_BYTE);
  }

  /// A value for people; of arrays what they are.
  String shown(String key) {
    Place place = places.get(key);
    if (place == null) {
      return "missing";
    }
    if (place.single() && place.type == GgufValueType.STRING) {
      return findString(key).orElseThrow();
    }
    return number(key).map(String::valueOf).orElse(place.kind());
  }

  private @Nullable Place single(String key, String wanted) {
    Place place = places.get(key);
    if (place != null) {
      check(key, place, place.single(), wanted);
    }
    return place;
  }

  private Optional<Place> array(String key) {
    Optional<Place> place = Optional.ofNullable(places.get(key));
    place.ifPresent(found -> check(key, found, !found.single(), "an array"));
    return place;
  }

  private void check(String key, Place place, boolean right, String wanted) {
    if (!right) {
      throw file.damaged("%s is %s, not %s".formatted(key, place.kind(), wanted));
    }
  }

  private UserException missing(String key) {
    return file.damaged("it does not tell %s".formatted(key));
  }
}
