/// Errors that the operator can mend.
@NullMarked
package dllama.error;

import org.jspecify.annotations.NullMarked;
