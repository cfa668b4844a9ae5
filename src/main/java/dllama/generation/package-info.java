/// The one loop that turns a prompt into tokens, and when it stops.
@NullMarked
package dllama.generation;

import org.jspecify.annotations.NullMarked;
