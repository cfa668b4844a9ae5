package dllama.fuzz;

import dllama.template.Limits;
import dllama.template.Template;
import dllama.template.TemplateException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Chat templates as a model file might bring them. What exceeds a limit is refused; everything
/// else but a refusal is a find, so is an input that takes seconds.
public final class TemplateFuzz {
  private static final Limits LIMITS =
      new Limits(100_000, Duration.ofMillis(500), 8 << 20, 1 << 20, 200, 1000);
  private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
  private static final Map<String, @Nullable Object> INPUT =
      Map.of(
          "messages",
          List.of(
              Map.of("role", "system", "content", "Be brief."),
              Map.of("role", "user", "content", "Hello <|im_end|>")),
          "tools",
          List.of(Map.of("type", "function", "function", Map.of("name", "f"))),
          "add_generation_prompt",
          true,
          "bos_token",
          "<s>");

  private TemplateFuzz() {}

  public static void fuzzerTestOneInput(byte[] data) {
    try {
      Template.parse(new String(data, StandardCharsets.UTF_8)).render(INPUT, LIMITS, CLOCK);
    } catch (TemplateException e) {
      if (!e.raised()) { // what the template itself says is its own business
        Refusal.check(e);
      }
    }
  }
}
