/// Who may speak to a node's port, and how much: checks on bytes and connections in front of
/// Akka's.
@NullMarked
package dllama.cluster.port;

import org.jspecify.annotations.NullMarked;
