/// TLS between nodes, with certificates that come from the cluster key.
@NullMarked
package dllama.cluster.tls;

import org.jspecify.annotations.NullMarked;
