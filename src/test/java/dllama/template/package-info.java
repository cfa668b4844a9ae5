@NullMarked
package dllama.template;

import org.jspecify.annotations.NullMarked;
