/// The root over HTTP: which endpoints there are, and what they show of the cluster.
@NullMarked
package dllama.api;

import org.jspecify.annotations.NullMarked;
