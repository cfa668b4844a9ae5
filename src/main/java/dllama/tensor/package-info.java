/// Block layouts, packed weights and the kernels that compute on them; the only package that uses
/// the Vector API.
@NullMarked
package dllama.tensor;

import org.jspecify.annotations.NullMarked;
