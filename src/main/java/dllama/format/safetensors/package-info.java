/// Reads safetensors files: tensors by name, nothing of what they mean.
@NullMarked
package dllama.format.safetensors;

import org.jspecify.annotations.NullMarked;
