/// HOCON to validated records, once, at start.
@NullMarked
package dllama.settings;

import org.jspecify.annotations.NullMarked;
