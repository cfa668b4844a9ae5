/// One node's part of a world: its slice, its steps, the rounds of exchanged partials, and what of
/// its machine it uses.
@NullMarked
package dllama.cluster.rank;

import org.jspecify.annotations.NullMarked;
