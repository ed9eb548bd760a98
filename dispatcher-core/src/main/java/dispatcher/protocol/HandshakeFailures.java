package dispatcher.protocol;

import dispatcher.protocol.HandshakeException.Kind;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.WireReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/// Finds out why a machine did not answer in its protocol, from all that it said instead.
public final class HandshakeFailures {
    private static final int SHOWN = 300;
    private static final long LAST_WORDS_MILLIS = 500;
    private static final int COMMAND_NOT_FOUND = 127;
    private static final String NO_WORD = "without a word";

    /// What a shell or sudo says of a program of Nix that is not there. Start-up files may miss other programs.
    private static final Pattern MISSING = Pattern.compile(
            "(?i)(?!error:|warning:).*\\bnix(?:-daemon|-store)?\\b['\"]?: .*(?:not found|no such file).*");

    /// What Nix and sshd put before and into their lines for terminals.
    private static final Pattern CONTROL = Pattern.compile("\\x1b\\[[0-9;]*[A-Za-z]|[\\p{Cntrl}&&[^\\n]]");

    private final CommandChannel channel;
    private final ErrorOutput errors;
    private final String peer;

    /// @param errors what the far end of `channel` writes to its standard error
    /// @param peer   the far end's name, for messages
    public HandshakeFailures(CommandChannel channel, ErrorOutput errors, String peer) {
        this.channel = channel;
        this.errors = errors;
        this.peer = peer;
    }

    /// The far end's name.
    public String peer() {
        return peer;
    }

    /// The program ended, or the connection broke, within its greeting.
    public IOException endedEarly(IOException cause) {
        return endedEarly("", cause);
    }

    /// The same before its first word was complete: what has come of that is text.
    public IOException endedEarly(WireReader in, IOException cause) {
        return endedEarly(in.drainBuffered(SHOWN), cause);
    }

    private IOException endedEarly(String text, IOException cause) {
        var status = status();
        var said = text.strip() + "\n" + errors.tail();
        return status.isEmpty() && said.isBlank() ? cause : ended(status, said);
    }

    /// The first eight bytes are not those of the protocol: they are text. If the program ends after it, it is its
    /// answer; else the protocol may follow.
    public HandshakeException noise(WireReader in, long first) {
        var start = ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(first)
                .array();
        var text = new String(start, StandardCharsets.UTF_8) + in.drainBuffered(SHOWN);
        var status = status();
        if (status.isPresent()) return ended(status, text.strip() + "\n" + errors.tail());
        return new HandshakeException(
                Kind.NOISE,
                "%s said something before the protocol began: '%s'".formatted(peer, text.strip()),
                "keep the shell start-up files of that user from printing when the shell is not interactive");
    }

    private OptionalInt status() {
        try {
            var status = channel.exitStatus(Duration.ofMillis(LAST_WORDS_MILLIS));
            errors.awaitEnd(LAST_WORDS_MILLIS);
            return status;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return OptionalInt.empty();
        }
    }

    private HandshakeException ended(OptionalInt status, String said) {
        var plain = plain(said);
        var words = shortened(plain);
        var saying = words.isEmpty() ? NO_WORD : "saying: " + words;
        if (plain.contains("account is currently not available") || plain.contains("account has been disabled"))
            return new HandshakeException(
                    Kind.NO_LOGIN,
                    "the account on %s may log in and run nothing: %s".formatted(peer, words),
                    "give that user a shell there: `chsh -s /bin/sh USER`");
        if (status.orElse(0) == COMMAND_NOT_FOUND
                || plain.lines().anyMatch(line -> MISSING.matcher(line.strip()).matches()))
            return new HandshakeException(
                    Kind.NO_NIX,
                    "no Nix was found on %s (%s)".formatted(peer, saying),
                    "install Nix there, or put it on the path of non-interactive logins of that user, or name its program as the machine's remoteProgram");
        if (plain.contains("protocol mismatch"))
            return new HandshakeException(
                    Kind.OTHER_PROTOCOL,
                    "Nix on %s speaks another protocol than the machine's in the settings (%s)".formatted(peer, saying),
                    "see whether authorized_keys there forces a command for our key: the machine's protocol is ssh for `nix-store --serve --write`, ssh-ng for `nix-daemon --stdio`");
        if (plain.contains("cannot connect to socket at") || plain.contains("cannot connect to daemon"))
            return new HandshakeException(
                    Kind.NO_DAEMON,
                    "the nix-daemon of %s does not run (%s)".formatted(peer, saying),
                    "start it there: `systemctl start nix-daemon.socket`");
        return new HandshakeException(
                Kind.ENDED,
                "Nix on %s ended before it answered, %s, %s"
                        .formatted(
                                peer,
                                status.isPresent() ? "with exit status " + status.getAsInt() : "with no exit status",
                                saying),
                plain.contains("sudo:")
                        ? "let that user run it by sudo without a password or a terminal (NOPASSWD in sudoers)"
                        : "log in there as that user and run the same command by hand");
    }

    /// The lines that matter, in one: the last that Nix calls errors, or just the last ones if there is none.
    static String shortened(String said) {
        var lines = plain(said)
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.equals("error:"))
                .toList();
        var errors = lines.stream().filter(line -> line.startsWith("error:")).toList();
        var text = String.join("; ", last(errors.isEmpty() ? lines : errors));
        return text.length() <= SHOWN ? text : "…" + text.substring(text.length() - SHOWN);
    }

    private static String plain(String said) {
        return CONTROL.matcher(said).replaceAll("");
    }

    private static List<String> last(List<String> lines) {
        return lines.subList(Math.max(0, lines.size() - 2), lines.size());
    }
}
