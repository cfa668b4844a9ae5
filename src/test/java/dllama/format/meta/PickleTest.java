package dllama.format.meta;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.format.file.InputFile;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a pickle may do, and what it may not. Nothing here is timed: a class that loads what it is
/// told, or walks in circles, would not end.
@Timeout(30)
class PickleTest {
  /// Every operation that is read: PROTO, FRAME, STOP and those of values.
  private static final Set<Integer> ALLOWED =
      Set.of(
          0x80, 0x95, (int) '.', (int) 'c', 0x93, (int) 'Q', (int) 'R', (int) 'b', (int) 'N', 0x88,
          0x89, (int) 'J', (int) 'K', (int) 'M', 0x8a, (int) 'X', 0x8c, (int) '(', (int) ')',
          (int) 't', 0x85, 0x86, 0x87, (int) ']', (int) 'a', (int) 'e', (int) '}', (int) 's',
          (int) 'u', (int) 'q', (int) 'r', 0x94, (int) 'h', (int) 'j');

  private static final Pickle.Meaning NOTHING =
      new Pickle.Meaning() {
        @Override
        public @Nullable Object global(String name) {
          return name.equals("a.b") ? "known" : null;
        }

        @Override
        public @Nullable Object call(Object global, List<?> arguments) {
          return arguments.isEmpty() ? new LinkedHashMap<String, Object>() : null;
        }

        @Override
        public @Nullable Object outside(Object id) {
          return id.equals("there") ? 7L : null;
        }
      };

  private static Object read(byte[] code) {
    return Pickle.read(InputFile.of(code, "pickle"), ByteBuffer.wrap(code), NOTHING);
  }

  private static String refusal(byte[] code) {
    String message = assertThrows(UserException.class, () -> read(code)).getMessage();
    assertEquals(1, message.lines().count(), message);
    assertTrue(message.contains("; "), message);
    return message;
  }

  @Test
  void shouldRefuseEveryOtherOperation() {
    for (int operation = 0; operation < 256; operation++) {
      if (!ALLOWED.contains(operation)) {
        byte[] code = new PickleCode().op('N').op(operation).raw(new int[300]).end();
        String message = refusal(code);
        assertTrue(message.contains("the operation 0x%02X".formatted(operation)), message);
        assertTrue(message.contains("nothing of it was run"), message);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "os, system",
    "posix, system",
    "nt, system",
    "builtins, eval",
    "__builtin__, exec",
    "subprocess, Popen",
    "torch, load",
    "torch.hub, load",
    "collections, OrderedDict.__reduce__",
    "a, b.c",
    "'', a.b.c",
  })
  void shouldRefuseForgedGlobals(String module, String name) {
    String whole = module + "." + name;
    byte[] called =
        new PickleCode().global(module, name).text("touch /tmp/x").op(0x85).op('R').end();
    assertTrue(refusal(called).contains("asks for " + whole + " at byte 2"));
    byte[] fromStack = new PickleCode().text(module).text(name).op(0x93).end();
    assertTrue(refusal(fromStack).contains("asks for " + whole));
  }

  @Test
  void shouldReadValues() {
    byte[] code =
        new PickleCode()
            .op(0x95)
            .raw(0, 0, 0, 0, 0, 0, 0, 0)
            .op('}')
            .op(0x94)
            .op('(')
            .text("none")
            .op('N')
            .text("yes")
            .op(0x88)
            .text("no")
            .op(0x89)
            .text("int")
            .number(-5)
            .text("byte")
            .op('K')
            .raw(200)
            .text("short")
            .op('M')
            .raw(0x34, 0xf2)
            .text("long")
            .op(0x8a)
            .raw(2, 0, 0xff)
            .text("zero")
            .op(0x8a)
            .raw(0)
            .op('u')
            .op(0x8c)
            .raw(1, 'l')
            .op(']')
            .number(1)
            .op('a')
            .op('(')
            .number(2)
            .number(3)
            .op('e')
            .op('s')
            .text("tuple")
            .number(1)
            .number(2)
            .op(0x86)
            .op('s')
            .text("outside")
            .text("there")
            .op('Q')
            .op('s')
            .text("called")
            .global("a", "b")
            .op(')')
            .op('R')
            .op('N')
            .op('b')
            .op('s')
            .end();
    assertEquals(
        Map.ofEntries(
            Map.entry("none", Pickle.NONE),
            Map.entry("yes", true),
            Map.entry("no", false),
            Map.entry("int", -5L),
            Map.entry("byte", 200L),
            Map.entry("short", 0xf234L),
            Map.entry("long", -256L),
            Map.entry("zero", 0L),
            Map.entry("l", List.of(1L, 2L, 3L)),
            Map.entry("tuple", List.of(1L, 2L)),
            Map.entry("outside", 7L),
            Map.entry("called", Map.of())),
        read(code));
  }

  @Test
  void shouldNotWalkInCircles() {
    byte[] code = new PickleCode().op('}').op('q').raw(0).text("self").op('h').raw(0).op('s').end();
    Map<?, ?> self = (Map<?, ?>) read(code);
    assertSame(self, self.get("self"));
    byte[] asKey = new PickleCode().op('}').op('q').raw(0).op('h').raw(0).op('N').op('s').end();
    assertTrue(refusal(asKey).contains("a name that is no text"));
    byte[] list = new PickleCode().op(']').op('r').int32(-9).op('j').int32(-9).op('a').end();
    assertEquals(1, ((List<?>) read(list)).size());
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, Integer.MAX_VALUE, 1 << 30, 100})
  void shouldNotBelieveLengths(int length) {
    assertTrue(refusal(new PickleCode().op('X').int32(length).end()).contains("a text of "));
    assertTrue(refusal(new PickleCode().op(0x8a).raw(255).end()).contains("a number of 255"));
  }

  @Test
  void shouldEndAfterSoManyOperations() {
    PickleCode code = new PickleCode();
    for (int i = 0; i < 400_000; i++) {
      code.op(')');
    }
    assertTrue(refusal(code.end()).contains("more operations than any checkpoint"));
  }

  @Test
  void shouldRefuseOperationsWithoutOperands() {
    for (int operation :
        List.of(
            (int) 't', 0x85, 0x87, (int) 'a', (int) 'e', (int) 's', (int) 'u', (int) 'q', 0x94,
            (int) 'R', (int) 'b', (int) 'Q', 0x93, (int) '.')) {
      refusal(new PickleCode().op(operation).raw(0).end());
      refusal(new PickleCode().op('(').op(operation).raw(0).op(operation).raw(0).end());
    }
    for (PickleCode code :
        List.of(
            new PickleCode().op('h').raw(3),
            new PickleCode().op('j').int32(3),
            new PickleCode().op('N').op('N').op('a'),
            new PickleCode().op('N').text("a").op('N').op('s'),
            new PickleCode().op('}').op('(').text("odd").op('u'),
            new PickleCode().op('N').op('N').op('R'),
            new PickleCode().global("a", "b").number(1).op(0x85).op('R'),
            new PickleCode().text("elsewhere").op('Q'),
            new PickleCode().op(0x80).raw(9))) {
      refusal(code.end());
    }
  }

  /// Cut anywhere, a pickle is refused; changed anywhere, it is read or refused.
  @Test
  void shouldSurviveDamage() {
    byte[] code =
        new PickleCode()
            .op('}')
            .text("w")
            .tensor("FloatStorage", "0", 4, 0, new int[] {2, 2}, new int[] {2, 1})
            .op('s')
            .end();
    for (int length = 0; length < code.length; length++) {
      refusal(java.util.Arrays.copyOf(code, length));
    }
    for (int at = 0; at < code.length; at++) {
      for (int bit = 0; bit < 8; bit++) {
        byte[] damaged = code.clone();
        damaged[at] ^= (byte) (1 << bit);
        try {
          read(damaged);
        } catch (UserException e) {
          assertEquals(1, String.valueOf(e.getMessage()).lines().count());
        }
      }
    }
  }
}
