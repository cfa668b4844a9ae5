/// Composition root, command line and terminal.
@NullMarked
package dllama.cli;

import org.jspecify.annotations.NullMarked;
