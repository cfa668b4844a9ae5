/// Models from elsewhere: what can be fetched, how it comes over the network, and what is there.
/// Talks to a server only when its user asks for a model, and takes nothing for granted that a
/// server says.
@NullMarked
package dllama.hub;

import org.jspecify.annotations.NullMarked;
