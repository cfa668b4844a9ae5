@NullMarked
package dllama.reply;

import org.jspecify.annotations.NullMarked;
