package dllama.api.service;

import dllama.api.http.ApiException;
import dllama.generation.TokenMask;
import dllama.session.ChatPrompts;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What answers have to be, and what they are made of. Any thread.
final class Shapes {
  Shapes(ChatPrompts prompts) {}

  @Nullable TokenMask mask(Ask ask) {
    return switch (ask.shape()) {
      case Ask.Shape.Free _ -> null;
      default -> throw ApiException.bad("response_format", "is not possible yet");
    };
  }

  ReplyParts parser(Ask ask, String opening) {
    return new ReplyParts() {
      @Override
      public void accept(int token, String text, Consumer<Part> to) {
        if (!text.isEmpty()) {
          to.accept(new Part.Content(text));
        }
      }

      @Override
      public boolean thinks() {
        return false;
      }

      @Override
      public void finish(Consumer<Part> to) {}
    };
  }
}
