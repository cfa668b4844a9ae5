/// Anthropic's dialect.
@NullMarked
package dllama.api.anthropic;

import org.jspecify.annotations.NullMarked;
