package dispatcher.cli.api.http;

import java.io.IOException;
import java.io.OutputStream;

/// What a handler answers in place of a record if the answer goes on for as long as there is something to say.
///
/// @param contentType such as `application/jsonl`
/// @param body        writes it, on the thread of the connection
public record StreamAnswer(String contentType, Body body) {
    /// Writes an answer of unknown length.
    @FunctionalInterface
    public interface Body {
        /// Returns at the end of the answer. What is written reaches the client when it is flushed.
        ///
        /// @throws IOException if the client has gone, or does not read
        void writeTo(OutputStream out) throws IOException, InterruptedException;
    }
}
