package dllama.api.openai;

import dllama.api.http.Fields;
import dllama.api.service.Answerer;

/// What a model sees of a chat.
public final class ChatPrompt {
  private ChatPrompt() {}

  /// The text that the template makes of a request for a chat completion.
  ///
  /// @throws dllama.api.http.ApiException if it is none
  public static String text(Answerer answerer, Fields body) {
    return answerer.text(ChatRequest.conversation(body), ToolFields.read(body));
  }
}
