/// What a rank computes: the forward pass over its slice, up to what ranks exchange. No actors, no
/// network.
@NullMarked
package dllama.engine;

import org.jspecify.annotations.NullMarked;
