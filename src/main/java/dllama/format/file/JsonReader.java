package dllama.format.file;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import dllama.error.UserException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Reads JSON from front to back: nothing of it is kept but what is asked for, so time and memory
/// do not depend on what a stranger put into the file. Not thread-safe.
///
/// Between calls it stands at the first token of the value that is to be read next; each call reads
/// one value whole.
public final class JsonReader implements AutoCloseable {
  private static final int MOST_DEPTH = 32;
  private static final int LONGEST_TEXT = 1 << 21;
  private static final int LONGEST_NAME = 1 << 14;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MOST_DEPTH)
                  .maxStringLength(LONGEST_TEXT)
                  .maxNameLength(LONGEST_NAME)
                  .maxNumberLength(100)
                  .build())
          // Names of a vocabulary are met once each: there is nothing to share.
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .build();

  private final InputFile file;
  private final JsonParser parser;

  private JsonReader(InputFile file, long from, long to) {
    this.file = file;
    try {
      this.parser = JSON.createParser(file.stream(from, to));
    } catch (IOException e) {
      throw broken(e);
    }
    advance();
  }

  /// Begins to read a file that is JSON.
  ///
  /// @throws UserException if it has more bytes than this
  public static JsonReader of(InputFile file, long mostBytes) {
    if (file.size() > mostBytes) {
      throw file.damaged(
          "it has %,d bytes, more than the %,d of any such file".formatted(file.size(), mostBytes));
    }
    return new JsonReader(file, 0, file.size());
  }

  /// Begins to read a part of a file.
  public static JsonReader of(InputFile file, long from, long to) {
    return new JsonReader(file, from, to);
  }

  /// Reads an object.
  ///
  /// @param field is given each name, and reads the value
  public void object(Consumer<String> field) {
    expect(JsonToken.START_OBJECT, "an object");
    while (advance() != JsonToken.END_OBJECT) {
      String name = name();
      advance();
      field.accept(name);
    }
  }

  /// Reads an array.
  ///
  /// @param element reads a value
  public void array(Runnable element) {
    expect(JsonToken.START_ARRAY, "an array");
    while (advance() != JsonToken.END_ARRAY) {
      element.run();
    }
  }

  /// Reads a text.
  public String text() {
    expect(JsonToken.VALUE_STRING, "a text");
    return string();
  }

  /// Reads a whole number that is not negative.
  public long natural() {
    expect(JsonToken.VALUE_NUMBER_INT, "a whole number");
    long value;
    try {
      value = parser.getLongValue();
    } catch (IOException e) {
      throw broken(e);
    }
    if (value < 0) {
      throw damaged("%d is negative".formatted(value));
    }
    return value;
  }

  /// Reads `true` or `false`.
  public boolean truth() {
    JsonToken token = parser.currentToken();
    if (token != JsonToken.VALUE_TRUE && token != JsonToken.VALUE_FALSE) {
      throw wanted("true or false");
    }
    return token == JsonToken.VALUE_TRUE;
  }

  /// Whether an object comes next.
  public boolean isObject() {
    return parser.currentToken() == JsonToken.START_OBJECT;
  }

  /// Whether an array comes next.
  public boolean isArray() {
    return parser.currentToken() == JsonToken.START_ARRAY;
  }

  /// Whether a text comes next.
  public boolean isText() {
    return parser.currentToken() == JsonToken.VALUE_STRING;
  }

  /// Reads whatever comes next, and forgets it.
  public void skip() {
    try {
      parser.skipChildren();
    } catch (IOException e) {
      throw broken(e);
    }
  }

  /// Reads whatever comes next: maps, lists, texts, Booleans, Long, Double, null.
  ///
  /// @param most values that it may consist of
  public Optional<Object> value(int most) {
    return Optional.ofNullable(new Tree(most).read());
  }

  /// Reads a whole document that is an object, but for those fields that are to be skipped.
  ///
  /// @param most values that it may consist of
  public Map<String, @Nullable Object> document(int most, String... skipped) {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    Tree tree = new Tree(most);
    List<String> unwanted = List.of(skipped);
    object(
        name -> {
          if (unwanted.contains(name)) {
            skip();
          } else {
            values.put(name, tree.read());
          }
        });
    end();
    return values;
  }

  /// Checks that nothing follows.
  public void end() {
    try {
      if (parser.nextToken() != null) {
        throw damaged("something follows its JSON");
      }
    } catch (IOException e) {
      throw broken(e);
    }
  }

  /// Values that are kept, counted.
  private final class Tree {
    private int left;

    Tree(int most) {
      this.left = most;
    }

    @Nullable Object read() {
      if (left-- <= 0) {
        throw damaged("its JSON has more values than any such file");
      }
      return switch (Objects.requireNonNull(parser.currentToken())) {
        case START_OBJECT -> {
          Map<String, @Nullable Object> values = new LinkedHashMap<>();
          object(name -> values.put(name, read()));
          yield values;
        }
        case START_ARRAY -> {
          List<@Nullable Object> values = new ArrayList<>();
          array(() -> values.add(read()));
          yield values;
        }
        case VALUE_STRING -> string();
        case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number();
        case VALUE_TRUE -> true;
        case VALUE_FALSE -> false;
        default -> null;
      };
    }
  }

  private Object number() {
    try {
      return parser.getNumberType() == JsonParser.NumberType.INT
              || parser.getNumberType() == JsonParser.NumberType.LONG
          ? (Object) parser.getLongValue()
          : parser.getDoubleValue();
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private String string() {
    try {
      return parser.getText();
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private String name() {
    try {
      return parser.currentName();
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private @Nullable JsonToken advance() {
    try {
      JsonToken next = parser.nextToken();
      if (next == null) {
        throw damaged("its JSON ends in the middle");
      }
      return next;
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private void expect(JsonToken token, String what) {
    if (parser.currentToken() != token) {
      throw wanted(what);
    }
  }

  private UserException wanted(String what) {
    return damaged("its JSON has something else where %s is needed%s".formatted(what, place()));
  }

  /// The content contradicts itself.
  public UserException damaged(String what) {
    return file.damaged(what);
  }

  private UserException broken(IOException e) {
    return damaged(
        switch (e) {
          case StreamConstraintsException _ ->
              "its JSON is nested too deep, or a text in it is too long" + place();
          case JsonEOFException _ -> "its JSON ends in the middle";
          case JsonProcessingException _ -> "it is no JSON" + place();
          default -> UserException.reason(e);
        });
  }

  private String place() {
    return " (line %d, column %d)"
        .formatted(
            parser.currentTokenLocation().getLineNr(), parser.currentTokenLocation().getColumnNr());
  }

  @Override
  public void close() {
    try {
      parser.close();
    } catch (IOException e) {
      throw broken(e);
    }
  }
}
