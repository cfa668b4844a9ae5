/// HTTP alone, by Akka: connections and their limits, requests and who may send them, answers and
/// streams of events. Knows nothing of models.
@NullMarked
package dllama.api.http;

import org.jspecify.annotations.NullMarked;
