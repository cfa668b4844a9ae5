/// Other files to ours: what inputs say of a model becomes a `.m` or GGUF file, tensor by tensor.
@NullMarked
package dllama.convert;

import org.jspecify.annotations.NullMarked;
