package dispatcher.protocol.worker;

import dispatcher.nix.ByteString;
import dispatcher.text.Printable;
import java.util.List;

/// A message on the side channel that runs between a request and its reply.
///
/// Source: Nix 2.34, `src/libutil/logging.hh`, `src/libstore/worker-protocol-connection.cc`.
public sealed interface WorkerMessage {
    /// Text to show, normally ending in a newline.
    record Next(ByteString text) implements WorkerMessage {}

    /// The server wants at most `limit` bytes of the client's upload.
    record Read(long limit) implements WorkerMessage {}

    /// Data for the client's sink.
    record Write(ByteString data) implements WorkerMessage {}

    /// The reply follows.
    record Last() implements WorkerMessage {}

    /// The request failed; no reply follows.
    ///
    /// @param exitStatus only carried before 1.26
    record Failure(String message, long exitStatus) implements WorkerMessage {
        private static final long FAILED = 1;

        /// What a server says of a request that failed, with nothing in it that a terminal would obey but colours.
        static Failure saying(String message) {
            return new Failure(Printable.coloured(message), FAILED);
        }
    }

    /// @param level  0 (error) to 7 (vomit); [MessageCodec#levelInfo] for all that is worth seeing
    /// @param parent 0 for none
    record StartActivity(long id, long level, long type, ByteString text, List<Field> fields, long parent)
            implements WorkerMessage {}

    record StopActivity(long id) implements WorkerMessage {}

    record Result(long id, long type, List<Field> fields) implements WorkerMessage {}

    /// A field of an activity or a result.
    sealed interface Field {
        record Int(long value) implements Field {}

        record Text(ByteString value) implements Field {}
    }

    /// Activity types that are of use here.
    long ACTIVITY_COPY_PATH = 100;
    long ACTIVITY_BUILD = 105;
    /// Result: a line of the builder's output, without its newline.
    long RESULT_BUILD_LOG_LINE = 101;
    /// Result: a line of the output of the machine's `post-build-hook`, without its newline.
    long RESULT_POST_BUILD_LOG_LINE = 107;
    /// Result: the builder entered a phase.
    long RESULT_SET_PHASE = 104;
    /// Result: how much is done, expected, running and failed.
    long RESULT_PROGRESS = 105;

    long LEVEL_ERROR = 0;
}
