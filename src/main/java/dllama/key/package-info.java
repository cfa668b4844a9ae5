/// The cluster key: its code, its file, where that lies, and what is derived from it.
@NullMarked
package dllama.key;

import org.jspecify.annotations.NullMarked;
