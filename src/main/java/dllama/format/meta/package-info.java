/// Llama as Meta publishes it: checkpoints of PyTorch (`consolidated.*.pth`), which are archives
/// with a pickle, and `tokenizer.model`. A pickle is a program; here it is read as data, and
/// nothing of it is run.
@NullMarked
package dllama.format.meta;

import org.jspecify.annotations.NullMarked;
