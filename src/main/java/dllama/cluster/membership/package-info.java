/// Who belongs to a cluster: both sides of joining, signs of life, and how the end of a node is
/// noticed.
@NullMarked
package dllama.cluster.membership;

import org.jspecify.annotations.NullMarked;
