/// The root: forms worlds of nodes, has their ranks loaded, and drives steps.
@NullMarked
package dllama.cluster.root;

import org.jspecify.annotations.NullMarked;
