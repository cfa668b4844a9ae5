package dllama.cluster.tls;

import dllama.key.ClusterKey;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import javax.security.auth.x500.X500Principal;

/// What a node shows and what it trusts while it has certain keys: a pair of keys of its own, made
/// now, which the first cluster key certifies, and whatever any of them has certified. Any thread.
final class Credentials {
  private static final String PROTOCOL = "TLSv1.3";

  /// AES first: most processors have instructions for it. ChaCha20 is quicker on those without,
  /// such as the Raspberry Pi 4; a client may put it first.
  private static final String[] CIPHERS = {
    "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"
  };

  private static final String ALIAS = "node";

  private final SSLContext context;
  private final Set<X500Principal> trusted = new HashSet<>();

  /// @param keys the one to show first
  Credentials(List<ClusterKey> keys) {
    try {
      var generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair own = generator.generateKeyPair();
      ECParameterSpec curve = ((ECPublicKey) own.getPublic()).getParams();
      List<Authority> authorities = new ArrayList<>();
      for (ClusterKey key : keys) {
        Authority authority = Authority.of(key, curve);
        authorities.add(authority);
        trusted.add(authority.name());
      }
      X509Certificate certificate = authorities.getFirst().certify(own.getPublic());
      context = context(own, certificate, authorities);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has not what TLS needs", e);
    }
  }

  private static SSLContext context(
      KeyPair own, X509Certificate certificate, List<Authority> authorities)
      throws GeneralSecurityException {
    char[] password = {}; // it is in memory only
    KeyStore store = KeyStore.getInstance("PKCS12");
    try {
      store.load(null, password);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    store.setKeyEntry(ALIAS, own.getPrivate(), password, new Certificate[] {certificate});
    var keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, password);
    Set<TrustAnchor> anchors = new HashSet<>();
    for (Authority authority : authorities) {
      anchors.add(authority.anchor());
    }
    var parameters = new PKIXBuilderParameters(anchors, new X509CertSelector());
    parameters.setRevocationEnabled(false); // a key that is not trusted any more is no anchor
    var trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(new CertPathTrustManagerParameters(parameters));
    SSLContext context = SSLContext.getInstance(PROTOCOL);
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), new SecureRandom());
    return context;
  }

  /// An engine of one end of a connection, which wants to see the other's certificate. It is not
  /// told who that is, so it never takes up an earlier session.
  SSLEngine engine(boolean client) {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(client);
    var parameters = engine.getSSLParameters();
    parameters.setProtocols(new String[] {PROTOCOL});
    parameters.setCipherSuites(CIPHERS);
    parameters.setNeedClientAuth(true);
    engine.setSSLParameters(parameters);
    return engine;
  }

  /// Whether certificates of this issuer are trusted.
  boolean trusts(X500Principal issuer) {
    return trusted.contains(issuer);
  }
}
