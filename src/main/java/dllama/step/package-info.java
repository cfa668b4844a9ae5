/// The seam between generation and computation: runs of tokens in, logits out.
@NullMarked
package dllama.step;

import org.jspecify.annotations.NullMarked;
