/// distributed-llama's files: `.m`, a model, and `.t`, its tokenizer.
@NullMarked
package dllama.format.dllama;

import org.jspecify.annotations.NullMarked;
