package dllama.cli;

import dllama.tokenizer.ChatTemplate.Message;
import java.util.List;
import java.util.Optional;

/// Who answers in a chat: the model of this root, or a root elsewhere. One thread, but for [#stop].
///
/// What stands between them is text: lines for the user are not made fit to be shown yet.
interface Partner extends AutoCloseable {
  /// Takes an answer while it is made.
  interface Listener {
    /// A piece of the answer.
    void text(String piece);

    /// A piece of what the model thinks before it answers.
    void thought(String piece);

    /// It ended too early.
    void failed(String why);

    /// It ended.
    ///
    /// @param took what it took, in a line
    /// @param advice if there is no room for more; may be empty
    void ended(String took, Optional<String> advice);
  }

  Optional<String> system();

  /// Begins anew with another system prompt.
  void setSystem(Optional<String> text);

  /// Forgets what was said.
  void reset();

  /// What was said: the system prompt if there is one, questions and answers in turn.
  List<Message> conversation();

  /// Goes on with such a conversation.
  ///
  /// @throws dllama.error.UserException if that can not be; then nothing has changed
  void resume(List<Message> conversation);

  /// Answers.
  ///
  /// @return why not, in a line
  Optional<String> answer(String question, Listener to);

  /// Answers the last question anew.
  ///
  /// @return why not, in a line; then the answer that it had stays
  Optional<String> answerAgain(Listener to);

  /// Ends the answer that is being made, or the waiting for it; any thread.
  void stop();

  /// What the model is, and where it runs.
  ModelFacts model();

  /// How much of the context is used, what the last answer took, what computes.
  List<String> stats();

  /// Which nodes there are.
  ///
  /// @param wanted a number of them, or `auto`; empty to change nothing
  List<String> nodes(Optional<String> wanted);

  @Override
  void close();
}
