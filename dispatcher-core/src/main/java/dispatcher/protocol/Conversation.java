package dispatcher.protocol;

import dispatcher.access.ClientIdentity;
import java.io.InputStream;
import java.io.OutputStream;

/// A client's connection: its three streams and its identity. Owned by the one thread that handles it; the code that
/// made it closes it.
///
/// @param in     what the client sends; its end means that the client has gone
/// @param out    what the client reads; nothing but protocol bytes may go there
/// @param err    shown to the client's user: build logs in the serve protocol, plain messages otherwise
/// @param writes whether the client may upload and build, or only ask and fetch
public record Conversation(InputStream in, OutputStream out, OutputStream err, ClientIdentity client, boolean writes) {
    /// Of a client that may do everything.
    public Conversation(InputStream in, OutputStream out, OutputStream err, ClientIdentity client) {
        this(in, out, err, client, true);
    }
}
