/// One rank's part of the model and of the forward pass; no actors, no input or output.
@NullMarked
package dllama.shard;

import org.jspecify.annotations.NullMarked;
