package dllama.error;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class UserExceptionTest {
  @Test
  void shouldSayInWordsWhyAFileIsNotUsable() {
    assertEquals("no such file or folder", reason(new NoSuchFileException("/a")));
    assertEquals("permission denied", reason(new AccessDeniedException("/a")));
    assertEquals("it is not UTF-8 text", reason(new MalformedInputException(1)));
    assertEquals(
        "Read-only file system",
        reason(new FileSystemException("/a", null, "Read-only file system")));
    assertEquals("No space left on device", reason(new IOException("No space left on device")));
    assertEquals("IOException", reason(new IOException()));
  }

  private static String reason(IOException e) {
    return UserException.reason(e);
  }
}
