/// What every front end needs, whoever its user is: a model with its tokenizer, the nodes that
/// compute it, and requests as the settings want them. Talks to no terminal: what happens is
/// told to a [SessionListener][dllama.session.SessionListener].
@NullMarked
package dllama.session;

import org.jspecify.annotations.NullMarked;
