/// A node as a whole: its actor system and the actors in it, as root or as worker.
@NullMarked
package dllama.cluster;

import org.jspecify.annotations.NullMarked;
