package dllama.key;

import dllama.error.UserException;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Locale;

/// A key in letters and digits that are not taken for each other (Crockford's base 32: no I, L, O,
/// U): 26 for its 128 bits and more for a check of 12 bits, 28 in all, in groups of four. A slip in
/// typing is found but once in 4096 times.
final class KeyCode {
  private static final String ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  private static final int CHARACTERS = 28;
  private static final int BITS = 5;
  private static final int CHECK_BITS = 12;
  private static final int GROUP = 4;

  private KeyCode() {}

  static String write(byte[] key) {
    BigInteger all =
        new BigInteger(1, key).shiftLeft(CHECK_BITS).or(BigInteger.valueOf(check(key)));
    StringBuilder code = new StringBuilder();
    for (int i = CHARACTERS - 1; i >= 0; i--) {
      code.append(ALPHABET.charAt(all.shiftRight(BITS * i).intValue() & 31));
      if (i > 0 && i % GROUP == 0) {
        code.append('-');
      }
    }
    return code.toString();
  }

  static byte[] read(String code) {
    String plain =
        code.strip()
            .toUpperCase(Locale.ROOT)
            .replaceAll("[-\\s]", "")
            .replace('O', '0')
            .replace('I', '1')
            .replace('L', '1');
    if (plain.length() != CHARACTERS) {
      throw new UserException(
          "a cluster key has %d letters and digits, in groups of four as the root shows them; this has %d"
              .formatted(CHARACTERS, plain.length()));
    }
    BigInteger all = BigInteger.ZERO;
    for (int i = 0; i < CHARACTERS; i++) {
      int digit = ALPHABET.indexOf(plain.charAt(i));
      if (digit < 0) {
        throw mistyped();
      }
      all = all.shiftLeft(BITS).or(BigInteger.valueOf(digit));
    }
    byte[] bytes = all.shiftRight(CHECK_BITS).toByteArray(); // may begin with a byte for the sign
    byte[] key = new byte[ClusterKey.BYTES];
    int count = Math.min(bytes.length, key.length);
    System.arraycopy(bytes, bytes.length - count, key, key.length - count, count);
    if (check(key) != (all.intValue() & ((1 << CHECK_BITS) - 1))) {
      throw mistyped();
    }
    return key;
  }

  private static UserException mistyped() {
    return new UserException(
        "the cluster key is mistyped: compare it with what the root shows, letter by letter");
  }

  private static int check(byte[] key) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(Arrays.copyOf(key, key.length + 1));
      return (hash[0] & 0xff) << 4 | (hash[1] & 0xf0) >> 4;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
