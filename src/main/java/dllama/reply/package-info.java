/// What a model's answer is made of: from its text, as it comes, to thoughts, content and calls of
/// tools, in the form that the model's chat template uses. Knows no HTTP and no scheduler.
@NullMarked
package dllama.reply;

import org.jspecify.annotations.NullMarked;
