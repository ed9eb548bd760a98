package dispatcher.protocol.worker;

import dispatcher.nix.StoreDir;
import dispatcher.protocol.Greeting;
import dispatcher.protocol.HandshakeException;
import dispatcher.protocol.HandshakeFailures;
import dispatcher.protocol.ProtocolVersion;
import dispatcher.store.BuildLog;
import dispatcher.store.StoreRefusedException;
import dispatcher.wire.ProtocolException;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.EOFException;
import java.io.IOException;
import java.util.Set;

/// How a conversation in the worker protocol begins, at both ends: what one end writes, the other one reads.
///
///     client                                             server
///     number, version (see Greeting)    ------------>
///                                       <------------    number, version
///     features (1.38)                   ------------>
///                                       <------------    features (1.38)
///     a processor to stay on (1.14),
///     whether to reserve space (1.11)   ------------>
///                                       <------------    its Nix (1.33), what it thinks of the client (1.35),
///                                                        and that it is ready, or why not
///
/// @param ours     the version to offer
/// @param features to offer with it
record WorkerHandshake(ProtocolVersion ours, Set<WorkerFeature> features) {
    /// Of a daemon's client.
    static final WorkerHandshake CLIENT =
            new WorkerHandshake(Greeting.WORKER.newest(), Set.of(WorkerFeature.REALISATION_WITH_PATH));

    static final WorkerHandshake SERVER = new WorkerHandshake(Greeting.WORKER.newest(), Set.of(WorkerFeature.values()));

    /// What both ends speak from now on.
    ///
    /// @param daemon what the server says of itself
    record Agreed(WorkerCodec codec, MessageCodec messages, DaemonInfo daemon) {}

    /// The client's end: no processor to stay on, no space to reserve.
    ///
    /// @param farEnd finds out why it is no daemon
    /// @throws HandshakeException if what answers is no daemon, too old a one, or does not want us
    Agreed withServer(HandshakeFailures farEnd, StoreDir storeDir, WireReader in, WireWriter out) throws IOException {
        try {
            var version = Greeting.WORKER.greetServer(farEnd, in, out, ours);
            if (hasFeatures(version))
                out.writeTexts(WorkerFeature.names(features)).flush();
            var common = common(version, in);
            out.writeBool(false).writeBool(false).flush();
            var codec = new WorkerCodec(storeDir, version, common);
            var messages = new MessageCodec(version);
            var daemon = codec.readDaemonInfo(in);
            new SideChannel(in, messages, farEnd.peer()).awaitReply(BuildLog.NONE);
            return new Agreed(codec, messages, daemon);
        } catch (StoreRefusedException e) {
            throw new HandshakeException(
                    HandshakeException.Kind.ENDED,
                    "the Nix daemon of %s turned us away: %s".formatted(farEnd.peer(), e.getMessage()),
                    "see the daemon's log on that machine, and its allowed-users setting");
        } catch (EOFException e) {
            throw farEnd.endedEarly(e);
        }
    }

    /// The server's end.
    ///
    /// @param daemon what the client hears of us
    /// @throws ProtocolException if the client speaks something else, or too old a version
    Agreed withClient(StoreDir storeDir, DaemonInfo daemon, WireReader in, WireWriter out) throws IOException {
        var theirs = Greeting.WORKER.greetClient(in, out, ours);
        if (theirs.major() != ours.major())
            throw new ProtocolException(
                    "this dispatcher speaks the worker protocol %s, this client %s".formatted(ours, theirs));
        var version = theirs.min(ours);
        var common = common(version, in);
        if (hasFeatures(version)) out.writeTexts(WorkerFeature.names(features)).flush();
        if (version.isAtLeast(1, 14) && in.readBool()) in.readLong();
        if (version.isAtLeast(1, 11)) in.readBool();
        var codec = new WorkerCodec(storeDir, version, common);
        var messages = new MessageCodec(version);
        codec.writeDaemonInfo(out, daemon);
        if (!Greeting.WORKER.isSpoken(version)) {
            var refusal = Greeting.WORKER.refusal(version);
            messages.write(out, WorkerMessage.Failure.saying(refusal));
            out.flush();
            throw new ProtocolException(refusal);
        }
        messages.write(out, new WorkerMessage.Last());
        out.flush();
        return new Agreed(codec, messages, daemon);
    }

    private static boolean hasFeatures(ProtocolVersion version) {
        return version.isAtLeast(1, 38);
    }

    /// Reads those of the other end.
    private Set<WorkerFeature> common(ProtocolVersion version, WireReader in) throws IOException {
        return hasFeatures(version) ? WorkerFeature.common(features, in.readTexts("features")) : Set.of();
    }
}
