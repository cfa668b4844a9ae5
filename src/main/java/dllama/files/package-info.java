/// Files that users name: what may be read as a whole, and how a file is written.
@NullMarked
package dllama.files;

import org.jspecify.annotations.NullMarked;
