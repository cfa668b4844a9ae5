/// OpenAI's dialect.
@NullMarked
package dllama.api.openai;

import org.jspecify.annotations.NullMarked;
