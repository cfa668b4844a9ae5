package dllama.format.meta;

import static java.nio.charset.StandardCharsets.UTF_8;

import dllama.error.UserException;
import dllama.format.file.InputFile;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads a pickle, which is a program for a stack machine that can call anything, as the data that
/// torch.save writes: texts, whole numbers, lists, dictionaries, and what [Meaning] makes of the
/// few names that it knows (Python, `pickletools`). Anything else ends it.
///
/// Each operation makes at most one value, of a size that is in the pickle, and nothing is called
/// again and again, so time and memory are bounded by its length and [#MOST_OPERATIONS]. Values may
/// contain themselves, so nobody may walk through them without an end.
final class Pickle {
  /// What names stand for.
  interface Meaning {
    /// What a name stands for; null if it must not be in the pickle.
    @Nullable Object global(String name);

    /// What a global gives for these arguments; null if it can not be called so.
    @Nullable Object call(Object global, List<?> arguments);

    /// What is kept outside the pickle under an id; null if there is no such id.
    @Nullable Object outside(Object id);
  }

  /// A checkpoint of a thousand tensors has 30,000.
  private static final int MOST_OPERATIONS = 300_000;

  private static final int NEWEST_PROTOCOL = 5;
  private static final Object MARK = new Object();

  /// Python's None.
  static final Object NONE = new Object();

  private final InputFile file;
  private final ByteBuffer code;
  private final Meaning meaning;
  private final List<Object> stack = new ArrayList<>();
  private final Map<Integer, Object> memo = new HashMap<>();
  private int start;

  private Pickle(InputFile file, ByteBuffer code, Meaning meaning) {
    this.file = file;
    this.code = code.order(ByteOrder.LITTLE_ENDIAN);
    this.meaning = meaning;
  }

  /// The value that a pickle makes.
  ///
  /// @param file for messages
  /// @throws UserException for one that is damaged, or does what no checkpoint needs
  static Object read(InputFile file, ByteBuffer code, Meaning meaning) {
    Pickle pickle = new Pickle(file, code, meaning);
    try {
      for (int i = 0; i < MOST_OPERATIONS; i++) {
        pickle.start = code.position();
        int operation = Byte.toUnsignedInt(code.get());
        if (operation == '.') {
          return pickle.pop();
        }
        pickle.run(operation);
      }
    } catch (BufferUnderflowException _) {
      throw file.damaged("its pickle ends in the middle");
    }
    throw file.damaged("its pickle has more operations than any checkpoint");
  }

  private void run(int operation) {
    switch (operation) {
      case 0x80 -> protocol(unsignedByte()); // PROTO
      case 0x95 -> code.getLong(); // FRAME: only for who reads from a stream
      case 'c' -> global(line(), line()); // GLOBAL
      case 0x93 -> { // STACK_GLOBAL
        String name = text(pop());
        global(text(pop()), name);
      }
      case 'Q' -> push(meaning.outside(pop()), "an id that it does not explain"); // BINPERSID
      case 'R' -> { // REDUCE
        List<?> arguments = list(pop());
        push(meaning.call(pop(), arguments), "a call with arguments that do not go with it");
      }
      case 'b' -> { // BUILD: only attributes of dictionaries are known, and those are of no use
        pop();
        dictionary(top());
      }
      default -> {
        if (!simple(operation) && !container(operation) && !memory(operation)) {
          throw forbidden("the operation 0x%02X".formatted(operation));
        }
      }
    }
  }

  /// Texts and numbers.
  private boolean simple(int operation) {
    switch (operation) {
      case 'N' -> stack.add(NONE);
      case 0x88 -> stack.add(true); // NEWTRUE
      case 0x89 -> stack.add(false); // NEWFALSE
      case 'J' -> stack.add((long) code.getInt()); // BININT
      case 'K' -> stack.add((long) unsignedByte()); // BININT1
      case 'M' -> stack.add((long) Short.toUnsignedInt(code.getShort())); // BININT2
      case 0x8a -> stack.add(longNumber(unsignedByte())); // LONG1
      case 'X' -> stack.add(text(code.getInt())); // BINUNICODE
      case 0x8c -> stack.add(text(unsignedByte())); // SHORT_BINUNICODE
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean container(int operation) {
    switch (operation) {
      case '(' -> stack.add(MARK);
      case ')' -> stack.add(List.of()); // EMPTY_TUPLE
      case 't' -> stack.add(sinceMark()); // TUPLE
      case 0x85, 0x86, 0x87 -> stack.add(last(operation - 0x84)); // TUPLE1 to TUPLE3
      case ']' -> stack.add(new ArrayList<>()); // EMPTY_LIST
      case 'a' -> appendTo(last(1)); // APPEND
      case 'e' -> appendTo(sinceMark()); // APPENDS
      case '}' -> stack.add(new LinkedHashMap<String, Object>()); // EMPTY_DICT
      case 's' -> put(last(2)); // SETITEM
      case 'u' -> put(sinceMark()); // SETITEMS
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean memory(int operation) {
    switch (operation) {
      case 'q' -> memo.put(unsignedByte(), top()); // BINPUT
      case 'r' -> memo.put(code.getInt(), top()); // LONG_BINPUT
      case 0x94 -> memo.put(memo.size(), top()); // MEMOIZE
      case 'h' -> push(memo.get(unsignedByte()), "what it has not kept"); // BINGET
      case 'j' -> push(memo.get(code.getInt()), "what it has not kept"); // LONG_BINGET
      default -> {
        return false;
      }
    }
    return true;
  }

  private void protocol(int version) {
    if (version > NEWEST_PROTOCOL) {
      throw damaged("protocol %d".formatted(version));
    }
  }

  private void global(String module, String name) {
    String whole = module + "." + name;
    Object known = meaning.global(whole);
    if (known == null) {
      throw forbidden(whole);
    }
    stack.add(known);
  }

  private void push(@Nullable Object value, String what) {
    if (value == null) {
      throw damaged(what);
    }
    stack.add(value);
  }

  private Object top() {
    if (stack.isEmpty() || stack.getLast() == MARK) {
      throw damaged("an operation without its operand");
    }
    return stack.getLast();
  }

  private Object pop() {
    Object value = top();
    stack.removeLast();
    return value;
  }

  private List<Object> sinceMark() {
    int mark = stack.lastIndexOf(MARK);
    if (mark < 0) {
      throw damaged("an operation without its operand");
    }
    List<Object> values = take(mark + 1);
    stack.removeLast();
    return values;
  }

  private List<Object> last(int count) {
    if (stack.size() < count || stack.subList(stack.size() - count, stack.size()).contains(MARK)) {
      throw damaged("an operation without its operand");
    }
    return take(stack.size() - count);
  }

  /// All from a place in the stack on.
  private List<Object> take(int from) {
    List<Object> above = stack.subList(from, stack.size());
    List<Object> values = Collections.unmodifiableList(new ArrayList<>(above));
    above.clear();
    return values;
  }

  @SuppressWarnings("unchecked") // all lists are made here
  private void appendTo(List<Object> values) {
    if (!(top() instanceof ArrayList<?> list)) {
      throw damaged("an operation on what is no list");
    }
    ((List<Object>) list).addAll(values);
  }

  private void put(List<Object> pairs) {
    Map<String, Object> dictionary = dictionary(top());
    if (pairs.size() % 2 != 0) {
      throw damaged("a key without a value");
    }
    for (int i = 0; i < pairs.size(); i += 2) {
      dictionary.put(text(pairs.get(i)), pairs.get(i + 1));
    }
  }

  @SuppressWarnings("unchecked") // all dictionaries are made here, or by Meaning
  private Map<String, Object> dictionary(Object value) {
    if (!(value instanceof LinkedHashMap<?, ?> dictionary)) {
      throw damaged("an operation on what is no dictionary");
    }
    return (Map<String, Object>) dictionary;
  }

  private List<?> list(Object value) {
    if (!(value instanceof List<?> list)) {
      throw damaged("arguments that are no list");
    }
    return list;
  }

  private String text(Object value) {
    if (!(value instanceof String text)) {
      throw damaged("a name that is no text");
    }
    return text;
  }

  private String text(int length) {
    if (length < 0 || length > code.remaining()) {
      throw damaged("a text of %d bytes".formatted(Integer.toUnsignedLong(length)));
    }
    byte[] bytes = new byte[length];
    code.get(bytes);
    return new String(bytes, UTF_8);
  }

  /// A text up to the end of the line.
  private String line() {
    int from = code.position();
    while (code.get() != '\n') {}
    int length = code.position() - 1 - from;
    code.position(from);
    String text = text(length);
    code.get();
    return text;
  }

  private long longNumber(int length) {
    if (length > Long.BYTES) {
      throw damaged("a number of %d bytes".formatted(length));
    }
    long value = 0;
    for (int i = 0; i < length; i++) {
      value |= (long) unsignedByte() << (8 * i);
    }
    int unused = Long.SIZE - 8 * length;
    return length == 0 ? 0 : value << unused >> unused;
  }

  private int unsignedByte() {
    return Byte.toUnsignedInt(code.get());
  }

  private UserException damaged(String what) {
    return file.damaged("its pickle has %s at byte %d".formatted(what, start));
  }

  private UserException forbidden(String what) {
    return file.refused(
        "its pickle asks for %s at byte %d, which no checkpoint of weights needs"
            .formatted(what, start),
        "nothing of it was run; such a file may be an attack");
  }
}
