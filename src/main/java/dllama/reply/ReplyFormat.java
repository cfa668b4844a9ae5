package dllama.reply;

import dllama.tokenizer.ChatTemplate;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.BitSet;
import java.util.List;

/// How a model writes thoughts and calls of tools. Immutable, for any thread.
public interface ReplyFormat {
  /// That of a chat template, by the markers that its source names.
  ///
  /// @param jinja source of the template
  static ReplyFormat of(String jinja, Vocabulary vocabulary) {
    return Detection.of(jinja, vocabulary);
  }

  /// That of a template of our own, which knows no tools.
  static ReplyFormat of(ChatTemplate template, Vocabulary vocabulary) {
    return Detection.of(template.visibleOpening(), vocabulary);
  }

  /// For one answer.
  ///
  /// @param tools that the model was told of; where there are none, what looks like a call is
  ///     content
  /// @param prompt the end of the prompt, or all of it: where it opens a thought, the answer begins
  ///     inside
  ReplyParser parser(List<Tool> tools, String prompt);

  /// Whether the template tells the model of `tools`. Otherwise [ToolText] has to.
  boolean tellsTools();

  /// Whether the template writes `tool_calls` and what tools gave. Otherwise [ToolText] has to.
  boolean writesCalls();

  /// What calls look like.
  CallForm callForm();

  /// What an answer has to be that consists of calls only, as the parser takes them.
  ///
  /// @param tools at least one, any of which may be called
  /// @param parallel whether several calls may follow each other
  default CallShape toolCallShape(List<Tool> tools, boolean parallel) {
    return callForm().shape(tools, parallel);
  }

  /// Control tokens that show nothing and are markers here. Where a [CallShape] has their names,
  /// these tokens are meant.
  BitSet markerTokens();
}
