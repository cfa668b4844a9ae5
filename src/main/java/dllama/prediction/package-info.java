/// What a model would need and how fast it would be on nodes that nobody has to own.
@NullMarked
package dllama.prediction;

import org.jspecify.annotations.NullMarked;
