package dispatcher.protocol.worker;

import dispatcher.nix.ByteString;
import dispatcher.protocol.LongLine;
import dispatcher.protocol.worker.WorkerMessage.Field;
import dispatcher.store.BuildLog;
import dispatcher.store.StoreRefusedException;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// What a daemon says before each of its replies, as its client hears it. Confined to the thread that reads `in`.
///
/// @param peer the far end's name, for messages
record SideChannel(WireReader in, MessageCodec messages, String peer) {
    /// What Nix itself puts before what a `post-build-hook` prints.
    private static final ByteString HOOK = ByteString.of("post-build-hook: ");

    /// Reads until the reply may be read.
    ///
    /// @throws StoreRefusedException if the daemon answers with an error instead
    void awaitReply(BuildLog log) throws IOException {
        var pieces = new LongLine(log);
        while (true) {
            if (!in.hasBuffered()) log.flush();
            var message = messages.read(in, pieces::add);
            pieces.end();
            switch (message) {
                case WorkerMessage.Last() -> {
                    in.beginMessage();
                    return;
                }
                case WorkerMessage.Failure error -> throw new StoreRefusedException(error.message());
                case WorkerMessage.Next(var text) -> log.note(text.utf8().stripTrailing());
                case WorkerMessage.Result result -> {
                    if (result.type() == WorkerMessage.RESULT_BUILD_LOG_LINE)
                        firstText(result.fields()).ifPresent(log::line);
                    else if (result.type() == WorkerMessage.RESULT_POST_BUILD_LOG_LINE)
                        firstText(result.fields()).ifPresent(line -> log.line(HOOK.plus(line)));
                    else if (result.type() == WorkerMessage.RESULT_SET_PHASE)
                        firstText(result.fields()).ifPresent(phase -> log.phase(phase.utf8()));
                }
                case WorkerMessage.StartActivity _, WorkerMessage.StopActivity _ -> {}
                case WorkerMessage.Read _, WorkerMessage.Write _ ->
                    throw new ProtocolException("%s asks for data that no request of ours has".formatted(peer));
            }
        }
    }

    private static Optional<ByteString> firstText(List<Field> fields) {
        return !fields.isEmpty() && fields.getFirst() instanceof Field.Text(var text)
                ? Optional.of(text)
                : Optional.empty();
    }
}
