package dllama.model;

/// The input of one step: consecutive tokens of one sequence.
///
/// @param tokens ids, at least one
/// @param position slot of the first token, from 0
/// @param logits whether the logits of the last token are wanted
public record Batch(int[] tokens, int position, boolean logits) {}
