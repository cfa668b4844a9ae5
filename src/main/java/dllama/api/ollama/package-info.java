/// Ollama's dialect.
@NullMarked
package dllama.api.ollama;

import org.jspecify.annotations.NullMarked;
