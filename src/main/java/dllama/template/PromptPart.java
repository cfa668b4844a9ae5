package dllama.template;

/// A part of a rendered prompt.
///
/// @param said whether somebody else than the template wrote it: names of special tokens in it are
///     plain text
public record PromptPart(String text, boolean said) {}
