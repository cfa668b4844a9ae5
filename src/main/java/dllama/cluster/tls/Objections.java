package dllama.cluster.tls;

import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// Why TLS with another node failed, in words for a user: as the end of a sentence about that node.
final class Objections {
  static final String OTHER_KEY = "has another cluster key";
  static final String NOT_THIS_KEY = "has another cluster key, or none";
  static final String SILENT_END = "hangs up before it has shown a cluster key";
  static final String PLAIN = "speaks without the cluster key (--insecure there?)";

  private Objections() {}

  static String of(SSLException e) {
    String message = String.valueOf(e.getMessage());
    if (message.contains("Empty client certificate chain")) {
      return NOT_THIS_KEY; // no certificate, or none of this key's
    }
    if (isAboutCertificate(e) || message.contains("certificate_unknown")) {
      return OTHER_KEY;
    }
    if (message.contains("Unsupported or unrecognized SSL message")) {
      return PLAIN;
    }
    if (message.contains("closing inbound before receiving peer's close_notify")) {
      return SILENT_END;
    }
    return "does not speak TLS as nodes do (%s)".formatted(message);
  }

  private static boolean isAboutCertificate(@Nullable Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateException || cause instanceof CertPathBuilderException) {
        return true;
      }
    }
    return false;
  }
}
