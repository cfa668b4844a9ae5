package dllama.cluster.tls;

import dllama.key.ClusterKey;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.ECPublicKeySpec;
import java.time.Instant;
import java.util.Date;
import java.util.HexFormat;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// Who certifies the nodes of a cluster: a pair of keys (P-256) that follows from the cluster key
/// alone, so whoever has that key is the authority, and nobody else.
final class Authority {
  private static final String CURVE = "P-256";
  private static final String SIGNATURE = "SHA256withECDSA";
  private static final X500Principal NODE = new X500Principal("CN=node");
  private static final int NAME_BYTES = 8;
  private static final int SERIAL_BITS = 64;

  /// More than the order of the curve has, so that the remainder is as good as evenly spread (FIPS
  /// 186-5, A.2.1).
  private static final int SCALAR_BYTES = 40;

  /// Boards without a clock begin in 1970, and a certificate lives no longer than its process.
  private static final Date FOREVER_FROM = Date.from(Instant.EPOCH);

  private static final Date FOREVER_TO = Date.from(Instant.parse("9999-12-31T23:59:59Z"));

  private final X500Principal name;
  private final PrivateKey privateKey;
  private final PublicKey publicKey;
  private final SecureRandom random = new SecureRandom();

  /// @param parameters of P-256, as those of any key of it
  private Authority(ClusterKey key, ECParameterSpec parameters) throws GeneralSecurityException {
    // The name tells nothing of the key, and tells certificates of different keys apart.
    name = new X500Principal("CN=" + HexFormat.of().formatHex(key.derive("name", NAME_BYTES)));
    BigInteger order = parameters.getOrder();
    BigInteger scalar =
        new BigInteger(1, key.derive("authority", SCALAR_BYTES))
            .mod(order.subtract(BigInteger.ONE))
            .add(BigInteger.ONE);
    var point = CustomNamedCurves.getByName(CURVE).getG().multiply(scalar).normalize();
    ECPoint affine =
        new ECPoint(point.getAffineXCoord().toBigInteger(), point.getAffineYCoord().toBigInteger());
    KeyFactory factory = KeyFactory.getInstance("EC");
    privateKey = factory.generatePrivate(new ECPrivateKeySpec(scalar, parameters));
    publicKey = factory.generatePublic(new ECPublicKeySpec(affine, parameters));
  }

  static Authority of(ClusterKey key, ECParameterSpec parameters) throws GeneralSecurityException {
    return new Authority(key, parameters);
  }

  /// By which its certificates name it.
  X500Principal name() {
    return name;
  }

  /// Lets those in whom it has certified.
  TrustAnchor anchor() throws GeneralSecurityException {
    return new TrustAnchor(
        certificate(name, publicKey, new BasicConstraints(0), new KeyUsage(KeyUsage.keyCertSign)),
        null);
  }

  /// A certificate for a node, as client and server, and for nobody below it.
  X509Certificate certify(PublicKey node) throws GeneralSecurityException {
    return certificate(
        NODE, node, new BasicConstraints(false), new KeyUsage(KeyUsage.digitalSignature));
  }

  private X509Certificate certificate(
      X500Principal subject, PublicKey subjectKey, BasicConstraints constraints, KeyUsage usage)
      throws GeneralSecurityException {
    try {
      var builder =
          new JcaX509v3CertificateBuilder(
              name,
              new BigInteger(SERIAL_BITS, random).setBit(SERIAL_BITS),
              FOREVER_FROM,
              FOREVER_TO,
              subject,
              subjectKey);
      builder.addExtension(Extension.basicConstraints, true, constraints);
      builder.addExtension(Extension.keyUsage, true, usage);
      builder.addExtension(
          Extension.extendedKeyUsage,
          false,
          new ExtendedKeyUsage(
              new KeyPurposeId[] {KeyPurposeId.id_kp_clientAuth, KeyPurposeId.id_kp_serverAuth}));
      return new JcaX509CertificateConverter()
          .getCertificate(builder.build(new JcaContentSignerBuilder(SIGNATURE).build(privateKey)));
    } catch (org.bouncycastle.cert.CertIOException | OperatorCreationException e) {
      throw new GeneralSecurityException("no certificate", e);
    }
  }
}
