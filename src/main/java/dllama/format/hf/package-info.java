/// Models as Hugging Face's transformers keep them: a folder of JSON files and safetensors.
@NullMarked
package dllama.format.hf;

import org.jspecify.annotations.NullMarked;
