/// Answers that can only be what a grammar allows, such as JSON of a schema.
@NullMarked
package dllama.constraint;

import org.jspecify.annotations.NullMarked;
