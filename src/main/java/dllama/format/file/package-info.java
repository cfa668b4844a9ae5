/// What all file formats share: reading and writing, what a file is by its first bytes, and a model
/// file as others see it, whatever its format.
@NullMarked
package dllama.format.file;

import org.jspecify.annotations.NullMarked;
