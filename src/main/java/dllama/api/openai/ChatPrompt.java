package dllama.api.openai;

import dllama.api.http.ApiException;
import dllama.api.http.Fields;
import dllama.api.service.Answerer;
import dllama.error.UserException;

/// What a model sees of a chat.
public final class ChatPrompt {
  private ChatPrompt() {}

  /// The text that the template makes of a request for a chat completion.
  ///
  /// @throws ApiException if it is none
  public static String text(Answerer answerer, Fields body) {
    try {
      return answerer.prompts().text(ChatRequest.conversation(body));
    } catch (UserException e) {
      throw ApiException.bad(String.valueOf(e.getMessage()));
    }
  }
}
