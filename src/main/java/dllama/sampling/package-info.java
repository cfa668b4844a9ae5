/// The choice of the next token: a pure function of logits and a random generator of our own.
@NullMarked
package dllama.sampling;

import org.jspecify.annotations.NullMarked;
