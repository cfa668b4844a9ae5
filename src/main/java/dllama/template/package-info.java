/// Renders chat templates: the part of Jinja that they use, with values as Python has them.
/// Templates come with models from strangers, so they reach nothing but the values given to them,
/// and time, memory, output and depth are limited.
@NullMarked
package dllama.template;

import org.jspecify.annotations.NullMarked;
