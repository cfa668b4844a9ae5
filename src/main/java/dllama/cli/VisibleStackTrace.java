package dllama.cli;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import dllama.error.VisibleText;

/// A stack trace of the log, in which messages of exceptions may contain anything. Named in
/// logback.xml.
public final class VisibleStackTrace extends ThrowableProxyConverter {
  @Override
  public String convert(ILoggingEvent event) {
    return VisibleText.of(super.convert(event));
  }
}
