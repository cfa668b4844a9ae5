/// What users see of the root itself: the state of its cluster, figures over time, and the page.
@NullMarked
package dllama.api.view;

import org.jspecify.annotations.NullMarked;
