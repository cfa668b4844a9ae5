/// The exchange without thread hops: a compute thread that waits for its peers runs the network,
/// the remoting streams and the actors itself, and a portable fallback that parks.
///
/// Start at [dllama.cluster.loop.ExchangeDispatcher].
@NullMarked
package dllama.cluster.loop;

import org.jspecify.annotations.NullMarked;
