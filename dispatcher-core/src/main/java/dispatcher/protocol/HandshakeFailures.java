package dispatcher.protocol;

import dispatcher.protocol.HandshakeException.Kind;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.WireReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.OptionalInt;

/// Finds out why a machine did not answer in its protocol, from all that it said instead.
public final class HandshakeFailures {
    private static final int SHOWN = 300;
    private static final long LAST_WORDS_MILLIS = 500;
    private static final int COMMAND_NOT_FOUND = 127;

    private HandshakeFailures() {}

    /// The program ended, or the connection broke, before its first bytes.
    public static IOException endedEarly(CommandChannel channel, ErrorOutput errors, String peer, IOException cause) {
        var status = OptionalInt.empty();
        try {
            status = channel.exitStatus(Duration.ofMillis(LAST_WORDS_MILLIS));
            errors.awaitEnd(LAST_WORDS_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        var said = errors.tail();
        if (status.isEmpty() && said.isEmpty()) return cause;
        boolean missing = status.orElse(0) == COMMAND_NOT_FOUND || said.contains("not found");
        var words = said.isEmpty() ? "without a word" : "saying: " + said;
        return missing
                ? new HandshakeException(
                        Kind.NO_NIX,
                        "no Nix was found on %s (%s)".formatted(peer, words),
                        "install Nix there, or put it on the path of non-interactive logins of that user")
                : new HandshakeException(
                        Kind.ENDED,
                        "Nix on %s ended before it answered, %s, %s"
                                .formatted(
                                        peer,
                                        status.isPresent()
                                                ? "with exit status " + status.getAsInt()
                                                : "with no exit status",
                                        words),
                        "log in there as that user and run the same command by hand");
    }

    /// The first eight bytes are not those of the protocol: shows what there is as text.
    public static HandshakeException noise(WireReader in, long first, String peer) {
        var start = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(first)
                .array();
        var text = new String(start, StandardCharsets.UTF_8) + in.drainBuffered(SHOWN);
        return new HandshakeException(
                Kind.NOISE,
                "%s said something before the protocol began: '%s'".formatted(peer, text.strip()),
                "keep the shell start-up files of that user from printing when the shell is not interactive");
    }
}
