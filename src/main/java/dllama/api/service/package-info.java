/// What is asked for, whoever asks in whichever dialect ([Ask]), and how it is answered
/// ([Answerer]).
@NullMarked
package dllama.api.service;

import org.jspecify.annotations.NullMarked;
