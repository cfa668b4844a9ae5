/// GGUF, the format of llama.cpp: written only.
@NullMarked
package dllama.format.gguf;

import org.jspecify.annotations.NullMarked;
