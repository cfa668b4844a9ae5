/// File formats: one reader or writer per format.
@NullMarked
package dllama.format;

import org.jspecify.annotations.NullMarked;
