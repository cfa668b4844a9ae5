/// From logits to the next token: what ranks tell of theirs, and the choice that is made of it.
@NullMarked
package dllama.logits;

import org.jspecify.annotations.NullMarked;
