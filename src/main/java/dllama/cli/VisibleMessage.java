package dllama.cli;

import ch.qos.logback.classic.pattern.MessageConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import dllama.error.VisibleText;

/// A message of the log as one visible line: what peers and files say is in some of them. Named in
/// logback.xml.
public final class VisibleMessage extends MessageConverter {
  private static final int MAX_LENGTH = 4000;

  @Override
  public String convert(ILoggingEvent event) {
    return VisibleText.line(super.convert(event), MAX_LENGTH);
  }
}
