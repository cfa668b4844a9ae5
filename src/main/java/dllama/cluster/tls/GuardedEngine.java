package dllama.cluster.tls;

import dllama.cluster.port.ByteCheck;
import java.nio.ByteBuffer;
import java.security.cert.X509Certificate;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/// One end of a connection between nodes. It checks the frames that come out of TLS as the port
/// does without it, says who the other end turned out to be, and why a connection could not be.
///
/// One thread at a time wraps and unwraps; [#revoke], [#issuer] and [#bytes] are for any thread.
final class GuardedEngine extends ForwardingEngine {
  private final ByteCheck check;
  private final Party party;
  private volatile @Nullable X500Principal issuer;
  private volatile boolean revoked;
  private final AtomicLong bytes = new AtomicLong();
  private boolean ended;

  /// Told about the other end. It sees all that comes before TLS has found out who that is.
  interface Party {
    /// So much has come, which is left as it is.
    void heard(ByteBuffer bytes);

    /// The other end has the cluster key.
    void known();

    /// It has not, or does what no node does.
    ///
    /// @param why as the end of a sentence
    void refused(String why);
  }

  /// @param check of what comes out of TLS
  GuardedEngine(SSLEngine engine, ByteCheck check, Party party) {
    super(engine);
    this.check = check;
    this.party = party;
  }

  /// Who has certified the other end; null while it is not known.
  @Nullable X500Principal issuer() {
    return issuer;
  }

  /// How many have come and gone.
  long bytes() {
    return bytes.get();
  }

  /// Ends the connection with the next bytes.
  void revoke() {
    revoked = true;
  }

  boolean isEnded() {
    return isInboundDone() && isOutboundDone();
  }

  @Override
  public SSLEngineResult wrap(ByteBuffer[] from, int offset, int length, ByteBuffer to)
      throws SSLException {
    refuseRevoked();
    SSLEngineResult result;
    try {
      result = super.wrap(from, offset, length, to);
    } catch (SSLException e) {
      refused(Objections.of(e)); // what the certificate was found to be is told here
      throw e;
    }
    bytes.addAndGet(result.bytesProduced());
    if (result.getHandshakeStatus() == HandshakeStatus.FINISHED) {
      finished();
    }
    return result;
  }

  @Override
  public SSLEngineResult unwrap(ByteBuffer from, ByteBuffer[] to, int offset, int length)
      throws SSLException {
    refuseRevoked();
    if (issuer == null) {
      party.heard(from);
    }
    int before = length == 1 ? to[offset].position() : 0;
    SSLEngineResult result;
    try {
      result = super.unwrap(from, to, offset, length);
    } catch (SSLException e) {
      refused(Objections.of(e));
      throw e;
    }
    bytes.addAndGet(result.bytesConsumed());
    if (result.getHandshakeStatus() == HandshakeStatus.FINISHED || result.bytesProduced() > 0) {
      finished();
    }
    if (result.bytesProduced() > 0) {
      if (length != 1) {
        throw new IllegalStateException("one buffer at a time");
      }
      read(to[offset], before);
    }
    return result;
  }

  private void read(ByteBuffer plain, int from) throws SSLException {
    if (!check.read(plain, from, plain.position())) {
      refused(String.valueOf(check.objection()));
      throw new SSLException("the other end " + check.objection());
    }
  }

  private void refuseRevoked() throws SSLException {
    if (revoked) {
      throw new SSLException("its cluster key is not accepted any more");
    }
  }

  private void finished() throws SSLException {
    if (issuer == null) {
      var certificate = (X509Certificate) getSession().getPeerCertificates()[0];
      issuer = certificate.getIssuerX500Principal();
      party.known();
    }
  }

  @Override
  public void closeInbound() throws SSLException {
    if (issuer == null && !revoked) {
      refused(Objections.SILENT_END);
    }
    super.closeInbound();
  }

  private void refused(String why) {
    if (!ended) {
      ended = true;
      party.refused(why);
    }
  }
}
