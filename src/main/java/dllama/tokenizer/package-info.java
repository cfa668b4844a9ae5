/// Text to token ids and back, and chat messages to prompt text.
@NullMarked
package dllama.tokenizer;

import org.jspecify.annotations.NullMarked;
