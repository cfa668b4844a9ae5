/// Models and tokenizers in files: the one place where a model file is opened, the model in the
/// jar, and models that are made up. A package below for each format.
@NullMarked
package dllama.format;

import org.jspecify.annotations.NullMarked;
