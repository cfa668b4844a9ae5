/// The actors: membership, weights on their way to workers, and the steps of the forward pass.
@NullMarked
package dllama.cluster;

import org.jspecify.annotations.NullMarked;
