package dllama.api.http;

import akka.pki.pem.DERPrivateKeyLoader;
import akka.pki.pem.PEMDecoder;
import dllama.error.UserException;
import dllama.files.RegularFile;
import dllama.settings.ApiSettings;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/// Makes of PEM files what TLS needs.
final class Certificates {
  private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA");

  private Certificates() {}

  /// @throws UserException if the files can not be read, or are not what they should be
  static SSLContext context(ApiSettings.Tls files) {
    Certificate[] chain = chain(files.certificate());
    PrivateKey key = key(files.key());
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      store.setKeyEntry("server", key, new char[0], chain);
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, new char[0]);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), null, null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new UserException(
          "the certificate %s and the key %s do not go together"
              .formatted(files.certificate(), files.key()),
          e);
    }
  }

  private static Certificate[] chain(Path file) {
    String text = RegularFile.text(file, "certificate");
    try {
      Certificate[] chain =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(
                  new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII)))
              .toArray(Certificate[]::new);
      if (chain.length > 0) {
        return chain;
      }
    } catch (GeneralSecurityException e) {
      throw new UserException("%s holds no certificate in PEM".formatted(file), e);
    }
    throw new UserException("%s holds no certificate in PEM".formatted(file));
  }

  private static PrivateKey key(Path file) {
    String text = RegularFile.text(file, "private key");
    try {
      PEMDecoder.DERData data = PEMDecoder.decode(text);
      return data.label().equals("PRIVATE KEY")
          ? key(file, new PKCS8EncodedKeySpec(data.bytes()))
          : DERPrivateKeyLoader.load(data);
    } catch (UserException e) {
      throw e;
    } catch (Exception e) { // Scala's, which are not declared
      throw noKey(file, e);
    }
  }

  /// Akka reads keys of this form as RSA's only.
  private static PrivateKey key(Path file, PKCS8EncodedKeySpec encoded)
      throws GeneralSecurityException {
    InvalidKeySpecException last = new InvalidKeySpecException("of no known algorithm");
    for (String algorithm : ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
      } catch (InvalidKeySpecException e) {
        last = e;
      }
    }
    throw noKey(file, last);
  }

  private static UserException noKey(Path file, Exception cause) {
    String message =
        "%s holds no private key in PEM that can be used: RSA, EC or EdDSA, without a password, as of `openssl pkcs8 -topk8 -nocrypt`";
    return new UserException(message.formatted(file), cause);
  }
}
