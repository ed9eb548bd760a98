package dispatcher.protocol;

import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.IOException;
import java.util.Optional;

/// How a conversation begins in either of Nix's protocols: each end says a number by which the protocol is known,
/// and the newest version that it speaks. The older one of the two is spoken.
///
///     client                                      server
///     client's number, version   ------------>
///                                <------------    server's number, version
///
/// Clients up to Nix 2.23 say their version only when they have heard the server's, so a server waits for nothing
/// but the number before it answers.
///
/// @param protocol  its name, for messages
/// @param newest    version that we speak
/// @param oldest    version that we speak
/// @param oldestNix the first Nix that speaks that one, for messages
public record Greeting(
        String protocol,
        ProtocolVersion newest,
        ProtocolVersion oldest,
        String oldestNix,
        long clientMagic,
        long serverMagic) {
    public static final Greeting WORKER = new Greeting(
            "worker protocol",
            new ProtocolVersion(1, 38),
            new ProtocolVersion(1, 21),
            "Nix 2.3",
            0x6e697863L,
            0x6478696fL);

    public static final Greeting SERVE = new Greeting(
            "serve protocol",
            new ProtocolVersion(2, 8),
            new ProtocolVersion(2, 5),
            "Nix 2.1",
            0x390c9debL,
            0x5452eecbL);

    /// Whether that is a version of this protocol, and not too old for us.
    public boolean isSpoken(ProtocolVersion version) {
        return version.major() == oldest.major() && version.compareTo(oldest) >= 0;
    }

    /// The client's end.
    ///
    /// @param farEnd finds out why it is no server
    /// @param ours   the version to offer
    /// @return the version to speak
    /// @throws HandshakeException if what answers does not speak this protocol, or in too old a version
    /// @throws IOException        if the connection broke, with the reason if that is known
    public ProtocolVersion greetServer(HandshakeFailures farEnd, WireReader in, WireWriter out, ProtocolVersion ours)
            throws IOException {
        Optional<IOException> untaken = Optional.empty();
        try {
            out.writeLong(clientMagic).writeLong(ours.wire()).flush();
        } catch (IOException e) {
            // It has ended already, and perhaps said why.
            untaken = Optional.of(e);
        }
        long magic;
        try {
            magic = in.readLong();
        } catch (IOException e) {
            untaken.ifPresent(e::addSuppressed);
            throw farEnd.endedEarly(in, e);
        }
        if (magic != serverMagic) throw farEnd.noise(in, magic);
        var theirs = ProtocolVersion.ofWire(in.readLong());
        if (!isSpoken(theirs))
            throw new HandshakeException(
                    HandshakeException.Kind.OLD_PROTOCOL,
                    "%s speaks version %s of the %s, and %s is the oldest that will do"
                            .formatted(farEnd.peer(), theirs, protocol, oldest),
                    "update Nix on that machine to 2.3 or newer");
        return theirs.min(ours);
    }

    /// The server's end.
    ///
    /// @param ours the version to offer
    /// @return the client's version, which may be one that is not spoken here
    /// @throws ProtocolException if the client speaks something else
    public ProtocolVersion greetClient(WireReader in, WireWriter out, ProtocolVersion ours) throws IOException {
        long magic = in.readLong();
        if (magic != clientMagic)
            throw new ProtocolException(
                    "a client began with 0x%x, not with the %s's 0x%x".formatted(magic, protocol, clientMagic));
        out.writeLong(serverMagic).writeLong(ours.wire()).flush();
        return ProtocolVersion.ofWire(in.readLong());
    }

    /// Why a client is sent away that speaks that version.
    public String refusal(ProtocolVersion theirs) {
        return "this dispatcher speaks the %s from %s on (%s), this client speaks %s"
                .formatted(protocol, oldest, oldestNix, theirs);
    }
}
