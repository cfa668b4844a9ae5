/// What nodes tell each other, and actors of different rooms: messages, and how they become bytes
/// and are made of bytes that nobody trusts. docs/PROTOCOL.md has the bytes.
@NullMarked
package dllama.cluster.wire;

import org.jspecify.annotations.NullMarked;
