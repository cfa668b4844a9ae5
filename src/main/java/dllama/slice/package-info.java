/// What a rank holds of a model: how it is cut, laid out in memory, read from a model file, and
/// kept in a folder. No actors, no network.
@NullMarked
package dllama.slice;

import org.jspecify.annotations.NullMarked;
