/// HTTP on the control socket: the server of the running dispatcher, and the client that commands ask with.
///
/// What requests and answers hold is in `dispatcher.cli.api`, and what they do is with the commands that ask.
/// Start with [dispatcher.cli.api.http.ApiServer].
@NullMarked
package dispatcher.cli.api.http;

import org.jspecify.annotations.NullMarked;
