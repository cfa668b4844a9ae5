/// GGUF, the format of llama.cpp, read and written.
@NullMarked
package dllama.format.gguf;

import org.jspecify.annotations.NullMarked;
