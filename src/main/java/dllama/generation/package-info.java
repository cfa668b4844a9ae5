/// The one loop that turns prompts into answers, many at a time, and when it stops.
@NullMarked
package dllama.generation;

import org.jspecify.annotations.NullMarked;
