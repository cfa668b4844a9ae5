package dllama.format.dllama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dllama.Conformance;
import dllama.error.UserException;
import dllama.model.TensorRole;
import dllama.tokenizer.TokenStream;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Files of `malformed.json` and more: each is refused with one line, soon and with little memory.
/// `-Dfile.mutations=N` tries more than the usual number of files with random mistakes.
class MalformedFilesTest {
  /// Against hanging, not a measure of speed.
  private static final Duration DEADLINE = Duration.ofSeconds(20);

  private static final long MEMORY_BYTES = 8 << 20;

  private static final int MUTATIONS = Integer.getInteger("file.mutations", 1000);

  /// Numbers at which sums and comparisons go wrong.
  private static final int[] EDGES = {
    -1, 0, 1, 2, 3, 31, 32, 255, 256, 65_535, 65_536, 1 << 30, Integer.MAX_VALUE, Integer.MIN_VALUE
  };

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void nameFile() {
    file = folder.resolve("mutated");
  }

  /// Labels of `malformed.json` with what the mutated header says, as key and value.
  static Stream<Arguments> headers() {
    return Stream.of(
        Arguments.of("header dim=1073741824", DllamaHeader.DIM, 1 << 30),
        Arguments.of("header dim=-64", DllamaHeader.DIM, -64),
        Arguments.of("header dim=0", DllamaHeader.DIM, 0),
        Arguments.of("header vocab=1073741824", DllamaHeader.VOCAB_SIZE, 1 << 30),
        Arguments.of("header vocab=0", DllamaHeader.VOCAB_SIZE, 0),
        Arguments.of("header n_layers=0", DllamaHeader.LAYERS, 0),
        Arguments.of("header n_layers=1000", DllamaHeader.LAYERS, 1000),
        Arguments.of("header n_heads=0", DllamaHeader.HEADS, 0),
        Arguments.of("header n_heads=3", DllamaHeader.HEADS, 3),
        Arguments.of("header n_kv_heads=0", DllamaHeader.KV_HEADS, 0),
        Arguments.of("header n_kv_heads=3", DllamaHeader.KV_HEADS, 3),
        Arguments.of("header seq_len=0", DllamaHeader.CONTEXT_LENGTH, 0),
        Arguments.of("header seq_len=1073741824", DllamaHeader.CONTEXT_LENGTH, 1 << 30),
        Arguments.of("header hidden_dim=0", DllamaHeader.FFN_DIM, 0),
        Arguments.of("header arch=291", DllamaHeader.ARCH, 291),
        Arguments.of("header wtype=7", DllamaHeader.WEIGHT_TYPE, 7),
        Arguments.of("header wtype=-1", DllamaHeader.WEIGHT_TYPE, -1),
        Arguments.of("header wtype=1", DllamaHeader.WEIGHT_TYPE, 1),
        Arguments.of("header wtype=3", DllamaHeader.WEIGHT_TYPE, 3),
        Arguments.of("header act=5", DllamaHeader.ACTIVATION, 5),
        Arguments.of("unknown header key 77", 77, 1),
        Arguments.of("norm_epsilon=7", DllamaHeader.EPSILON, 7),
        Arguments.of("rope_type=9", DllamaHeader.ROPE_TYPE, 9),
        Arguments.of("rope_type=1 (falcon) on LLAMA", DllamaHeader.ROPE_TYPE, 1));
  }

  @ParameterizedTest
  @MethodSource("headers")
  void shouldRefuseHeaders(String label, int key, int value) throws IOException {
    assertKnown(label);
    Files.write(file, withKey(model(), key, value));
    refuseModel();
  }

  @Test
  void shouldTakeAnyVersionNumberOfAModel() throws IOException {
    assertKnown("header version=99");
    Files.write(file, withKey(model(), DllamaHeader.VERSION, 99));
    DllamaFile.open(file).close();
  }

  /// Labels of `malformed.json` with a mutation of the whole model file.
  static Stream<Arguments> contents() {
    return Stream.of(
        content("truncated .m: last 100 bytes missing", b -> Arrays.copyOf(b, b.length - 100)),
        content("truncated .m: half of the file missing", b -> Arrays.copyOf(b, b.length / 2)),
        content("truncated .m: only magic", b -> Arrays.copyOf(b, 4)),
        content("truncated .m: inside header", b -> Arrays.copyOf(b, 50)),
        content("empty .m", b -> new byte[0]),
        content("100 extra bytes at the end", b -> Arrays.copyOf(b, b.length + 100)),
        content("wrong magic", b -> withInt(b, 0, 0x12345678)),
        content("old magic 0xABCD00", b -> withInt(b, 0, 0xABCD00)),
        content("header size 0", b -> withInt(b, 4, 0)),
        content("header size negative", b -> withInt(b, 4, -8)),
        content("header size 1 GiB", b -> withInt(b, 4, 1 << 30)));
  }

  @ParameterizedTest
  @MethodSource("contents")
  void shouldRefuseContents(String label, Mutation mutation) throws IOException {
    assertKnown(label);
    Files.write(file, mutation.of(model()));
    refuseModel();
  }

  @Test
  void shouldRefuseMissingFilesAndFolders() {
    assertKnown("missing file");
    assertKnown("tokenizer missing");
    refuseModel();
    refuseTokenizer();
    file = folder;
    refuseModel();
    refuseTokenizer();
  }

  /// Labels of `malformed.json` with a mutation of the tokenizer file, and more.
  static Stream<Arguments> tokenizers() {
    return Stream.of(
        content("tokenizer truncated", b -> Arrays.copyOf(b, b.length - 20)),
        content("tokenizer wrong magic", b -> withInt(b, 0, 0x12345678)),
        content("tokenizer version 0", b -> withKey(b, TokenizerFile.VERSION, 0)),
        tokenizer("vocabulary too large", TokenizerFile.VOCAB_SIZE, Integer.MAX_VALUE),
        tokenizer("vocabulary larger than the file", TokenizerFile.VOCAB_SIZE, 4_000_000),
        tokenizer("vocabulary empty", TokenizerFile.VOCAB_SIZE, 0),
        tokenizer("vocabulary negative", TokenizerFile.VOCAB_SIZE, -1),
        tokenizer("bos beyond the vocabulary", TokenizerFile.BOS, 300),
        tokenizer("eos beyond the vocabulary", TokenizerFile.EOS, 300),
        tokenizer("template too long", TokenizerFile.TEMPLATE_LENGTH, Integer.MAX_VALUE),
        tokenizer("template negative", TokenizerFile.TEMPLATE_LENGTH, -1),
        tokenizer("chat stop too long", TokenizerFile.CHAT_STOP_LENGTH, 1 << 30),
        tokenizer("too many end tokens", TokenizerFile.EOS_COUNT, 1 << 30),
        tokenizer("addBos neither 0 nor 1", TokenizerFile.ADD_BOS, 2));
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void shouldRefuseTokenizers(String label, Mutation mutation) throws IOException {
    if (label.startsWith("tokenizer")) {
      assertKnown(label);
    }
    Files.write(file, mutation.of(tokenizer()));
    refuseTokenizer();
  }

  @Test
  void shouldRefuseModelsCutOffAnywhere() throws IOException {
    long size = Files.size(Files.write(file, model()));
    TreeSet<Long> lengths = new TreeSet<>();
    for (long length = 0; length < 300; length++) {
      lengths.add(length);
      lengths.add(size - 1 - length);
    }
    for (long length = 0; length < size; length += 997) {
      lengths.add(length);
    }
    for (long length : lengths.descendingSet()) {
      cutOff(length);
      assertThrows(UserException.class, () -> DllamaFile.open(file), "length " + length);
    }
  }

  @Test
  void shouldRefuseTokenizersCutOffAnywhere() throws IOException {
    long size = Files.size(Files.write(file, tokenizer()));
    for (long length = size - 1; length >= 0; length--) {
      cutOff(length);
      assertThrows(UserException.class, () -> TokenizerFile.read(file), "length " + length);
    }
  }

  @Test
  void shouldSurviveMistakesInModels() throws IOException {
    Random random = random();
    byte[] good = model();
    int opened = 0;
    for (int round = 0; round < MUTATIONS; round++) {
      Files.write(file, flip(good, round % 4 == 0 ? good.length : 130, random));
      try (DllamaFile model = DllamaFile.open(file)) {
        int last = model.spec().layers() - 1;
        assertEquals(model.spec().dim(), model.weights().get(TensorRole.FFN_NORM, last).cols());
        opened++;
      } catch (UserException e) {
        assertOneLine(e);
      }
    }
    assertTrue(opened > 30, "flips in weights and theta can not be seen");
  }

  @Test
  void shouldSurviveMistakesInTokenizers() throws IOException {
    Random random = random();
    byte[] good = tokenizer();
    int opened = 0;
    for (int round = 0; round < MUTATIONS; round++) {
      Files.write(file, flip(good, round % 2 == 0 ? good.length : 80, random));
      try {
        use(TokenizerFile.read(file));
        opened++;
      } catch (UserException e) {
        assertOneLine(e);
      }
    }
    assertTrue(opened > 30, "flips in scores and pieces can not be seen");
  }

  private static void use(Vocabulary vocabulary) {
    int[] ids = Tokenizer.of(vocabulary).encode("Hello wörld <|eot_id|>", true, true);
    TokenStream stream = new TokenStream(vocabulary);
    for (int id : ids) {
      stream.next(id);
    }
  }

  private void refuseModel() {
    refuse(path -> DllamaFile.open(path).close());
  }

  private void refuseTokenizer() {
    refuse(TokenizerFile::read);
  }

  private void refuse(Consumer<Path> reader) {
    long bytes =
        assertTimeoutPreemptively(
            DEADLINE,
            () -> {
              ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
              long before = threads.getCurrentThreadAllocatedBytes();
              assertOneLine(assertThrows(UserException.class, () -> reader.accept(file)));
              return threads.getCurrentThreadAllocatedBytes() - before;
            });
    assertTrue(bytes < MEMORY_BYTES, "allocated " + bytes);
  }

  private void assertOneLine(UserException e) {
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
    assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    assertTrue(e.getMessage().contains(";"), "what to do: " + e.getMessage());
  }

  /// Guards against labels that the recorded list does not have.
  private static void assertKnown(String label) {
    List<String> labels = new ArrayList<>();
    Conformance.json(Conformance.file("malformed.json"))
        .forEach(item -> labels.add(item.get("label").asText()));
    assertTrue(labels.contains(label), label);
  }

  private void cutOff(long length) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(length);
    }
  }

  private static Random random() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    return new Random(seed);
  }

  private static byte[] flip(byte[] good, int within, Random random) {
    byte[] flipped = good.clone();
    for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
      int at = random.nextInt(within);
      if (random.nextInt(4) > 0) {
        flipped[at] ^= (byte) (1 << random.nextInt(8));
      } else if (at < good.length - 4) {
        withInt(flipped, at & ~3, EDGES[random.nextInt(EDGES.length)]);
      }
    }
    return flipped;
  }

  private static byte[] model() {
    return bytes("model.m");
  }

  private static byte[] tokenizer() {
    return bytes("tokenizer.t");
  }

  private static byte[] bytes(String name) {
    try {
      return Files.readAllBytes(Conformance.file("llama_odd_q40", name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] withInt(byte[] bytes, int offset, int value) {
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, value);
    return bytes;
  }

  /// The file with a key set or added.
  private static byte[] withKey(byte[] bytes, int key, int value) {
    ByteBuffer old = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int size = old.getInt(4);
    Map<Integer, Integer> keys = new LinkedHashMap<>();
    for (int at = 8; at < size; at += 8) {
      keys.put(old.getInt(at), old.getInt(at + 4));
    }
    keys.put(key, value);
    ByteBuffer header = KeyValueHeader.bytes(old.getInt(0), keys);
    ByteBuffer all = ByteBuffer.allocate(header.remaining() + bytes.length - size);
    return all.put(header).put(bytes, size, bytes.length - size).array();
  }

  private static Arguments content(String label, Mutation mutation) {
    return Arguments.of(label, mutation);
  }

  private static Arguments tokenizer(String label, int key, int value) {
    return Arguments.of(label, (Mutation) bytes -> withKey(bytes, key, value));
  }

  interface Mutation {
    byte[] of(byte[] good);
  }
}
