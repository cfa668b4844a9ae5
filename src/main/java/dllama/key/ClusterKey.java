package dllama.key;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dllama.error.UserException;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.KDF;
import javax.crypto.spec.HKDFParameterSpec;

/// The secret that all nodes of a cluster share: 128 random bits. Whoever has it is one of them.
///
/// It is written as its [#code], in files as on screens; [#toString] does not show it.
public final class ClusterKey {
  static final int BYTES = 16;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String HKDF = "HKDF-SHA256";
  private static final String PURPOSE = "dllama-akka cluster key 1: ";

  private final byte[] bytes;

  ClusterKey(byte[] bytes) {
    this.bytes = bytes.clone();
  }

  /// A new one.
  public static ClusterKey random() {
    byte[] bytes = new byte[BYTES];
    RANDOM.nextBytes(bytes);
    return new ClusterKey(bytes);
  }

  /// Reads a code, in any case of letters, with or without hyphens.
  ///
  /// @throws UserException if it is none, or has a mistake; the message does not show it
  public static ClusterKey parse(String code) {
    return new ClusterKey(KeyCode.read(code));
  }

  /// 28 letters and digits in groups of four, by which users know the key.
  public String code() {
    return KeyCode.write(bytes);
  }

  /// Bytes for one purpose, which tell nothing of the key or of those for another one (RFC 5869).
  ///
  /// @param purpose a name for what they are for
  public byte[] derive(String purpose, int count) {
    try {
      return KDF.getInstance(HKDF)
          .deriveData(
              HKDFParameterSpec.ofExtract()
                  .addIKM(bytes)
                  .thenExpand((PURPOSE + purpose).getBytes(US_ASCII), count));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(HKDF, e);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ClusterKey key && Arrays.equals(bytes, key.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return "a cluster key";
  }
}
