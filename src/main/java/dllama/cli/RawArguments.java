package dllama.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;

/**
 * The arguments as they were given: UTF-8 whatever the locale. What Java can not decode in its
 * locale, all but ASCII where that is {@code C}, is lost; on Linux the system still has the bytes.
 * Compiled for Java 11, see {@link Launcher}.
 */
final class RawArguments {
  /** Carries arguments to a child where Java would encode them in a locale that lacks them. */
  private static final String HIDDEN = "launcher.arguments";

  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

  private RawArguments() {}

  /**
   * The arguments of this process.
   *
   * @throws IllegalArgumentException for one that is not UTF-8; its message is for the user
   */
  static String[] of(String[] args) throws IOException {
    return certain(args) || !Files.isReadable(COMMAND_LINE)
        ? args
        : of(args, Files.readAllBytes(COMMAND_LINE));
  }

  static String[] of(String[] args, byte[] commandLine) {
    List<byte[]> all = split(commandLine);
    if (all.size() < args.length) {
      return args;
    }
    List<byte[]> ours = all.subList(all.size() - args.length, all.size());
    String[] raw = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      try {
        raw[i] = utf8(ours.get(i));
      } catch (CharacterCodingException e) {
        throw new IllegalArgumentException(
            "argument " + (i + 1) + " is not UTF-8 text; give it in UTF-8", e);
      }
      if (certain(args[i]) && !args[i].equals(raw[i])) {
        return args; // that is another command line
      }
    }
    return raw;
  }

  /** The class path, which is lost likewise: that of {@code -jar}. */
  static String classPath(String decoded) throws IOException {
    if (certain(decoded) || !Files.isReadable(COMMAND_LINE)) {
      return decoded;
    }
    List<byte[]> all = split(Files.readAllBytes(COMMAND_LINE));
    for (int i = 1; i < all.size(); i++) {
      if (utf8(all.get(i - 1)).equals("-jar")) {
        return utf8(all.get(i));
      }
    }
    return decoded;
  }

  /** Whether Java takes names of files for UTF-8. */
  static boolean localeIsUtf8() {
    return "UTF-8".equalsIgnoreCase(System.getProperty("sun.jnu.encoding")) || Launcher.WINDOWS;
  }

  /** Whether any Java, in any locale, decodes and encodes them as they are. */
  private static boolean certain(String... args) {
    for (String arg : args) {
      for (int i = 0; i < arg.length(); i++) { // no lambda: a start would wait for its class
        char c = arg.charAt(i);
        if (c < ' ' || c > '~' || c == '?') {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * A command that ends with {@code args}, for a child of {@link ProcessBuilder}.
   *
   * @param at where options of the child's Java may stand in {@code command}
   */
  static List<String> forChild(List<String> command, int at, String[] args) {
    if (certain(args)) {
      return command;
    }
    byte[] all = String.join("\0", args).getBytes(StandardCharsets.UTF_8);
    List<String> hidden = new ArrayList<>(command.subList(0, command.size() - args.length));
    hidden.addAll(Collections.nCopies(args.length, "-"));
    hidden.add(at, "-D" + HIDDEN + "=" + Base64.getEncoder().encodeToString(all));
    return hidden;
  }

  /** What a serving process was given, by {@link #forChild} or as it is. */
  static String[] inChild(String[] args) throws IOException {
    String hidden = System.getProperty(HIDDEN);
    return hidden == null
        ? of(args)
        : new String(Base64.getDecoder().decode(hidden), StandardCharsets.UTF_8).split("\0", -1);
  }

  private static String utf8(byte[] bytes) throws CharacterCodingException {
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
  }

  private static List<byte[]> split(byte[] commandLine) {
    List<byte[]> parts = new ArrayList<>();
    ByteArrayOutputStream part = new ByteArrayOutputStream();
    for (byte b : commandLine) {
      if (b == 0) {
        parts.add(part.toByteArray());
        part.reset();
      } else {
        part.write(b);
      }
    }
    return parts;
  }
}
