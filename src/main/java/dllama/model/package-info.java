/// What a model is: hyperparameters, weights by name, RoPE, and the seam through which logits are
/// asked for.
@NullMarked
package dllama.model;

import org.jspecify.annotations.NullMarked;
