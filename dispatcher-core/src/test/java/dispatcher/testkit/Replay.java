package dispatcher.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.BasicDerivation;
import dispatcher.nix.BuildResult;
import dispatcher.nix.ByteString;
import dispatcher.nix.DerivationOutput;
import dispatcher.nix.Realisation;
import dispatcher.nix.StoreDir;
import dispatcher.nix.aterm.HashedRealisations;
import dispatcher.wire.Limits;
import dispatcher.wire.NarCopy;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/// Reads both sides of a session with our codecs, in the order in which they waited for each other, and writes every
/// value that was read again. What our codecs lose or change is then missing from what was written.
public abstract class Replay {
    /// One side: what it said, and what was written anew of it.
    protected static final class Side {
        /// Small, since there is a new replay for each beginning of a session.
        private static final int BUFFER = 512;

        private final byte[] said;
        private final ByteArrayOutputStream written = new ByteArrayOutputStream();

        public final WireReader in;
        public final WireWriter out = new WireWriter(written, BUFFER);

        private Side(byte[] said, int length) {
            this.said = said;
            in = new WireReader(new ByteArrayInputStream(said, 0, length), Limits.DEFAULT, BUFFER);
        }

        /// Reads a value and writes it.
        public <T> T echo(WireVectors.Decoder<T> read, WireVectors.Encoder<T> write) throws IOException {
            var value = read.read(in);
            write.write(out, value);
            return value;
        }

        public long echoLong() throws IOException {
            return echo(WireReader::readLong, WireWriter::writeLong);
        }

        public boolean echoBool() throws IOException {
            return echo(WireReader::readBool, WireWriter::writeBool);
        }

        /// Puts a flag as it was said into the place of the one that was written: one that no codec of ours keeps.
        ///
        /// @param back how many words lie between it and the end of what was read
        public void takeOverFlag(int back) throws IOException {
            var bytes = written();
            int at = bytes.length - 8 * (back + 1);
            assertThat(said[at]).isBetween((byte) 0, (byte) 1);
            bytes[at] = said[at];
            written.reset();
            written.write(bytes);
        }

        /// Takes a NAR apart and puts it together.
        public void echoNar() throws IOException {
            var nar = new ByteArrayOutputStream();
            NarCopy.copy(in, nar);
            var bytes = NarTree.parse(nar.toByteArray()).toNar();
            out.writeRaw(bytes, 0, bytes.length);
        }

        /// Reads a framed stream, and writes the frames with the same lengths but with what `echo` makes of their
        /// content.
        public void echoFramed(UnaryOperator<byte[]> echo) throws IOException {
            var lengths = new ArrayList<Integer>();
            var content = new ByteArrayOutputStream();
            for (long length = in.readLong(); length != 0; length = in.readLong()) {
                lengths.add(Math.toIntExact(length));
                in.copyBytes(length, content);
            }
            var echoed = echo.apply(content.toByteArray());
            assertThat(echoed).hasSize(content.size());
            int at = 0;
            for (int length : lengths) {
                out.writeLong(length).writeRaw(echoed, at, length);
                at += length;
            }
            out.writeLong(0);
        }

        private byte[] written() throws IOException {
            out.flush();
            return written.toByteArray();
        }
    }

    protected final Side client;
    protected final Side server;

    /// @param clientLength how much of what the client said is to be known
    /// @param serverLength the same of the server
    protected Replay(Capture capture, int clientLength, int serverLength) {
        client = new Side(capture.client().toByteArray(), clientLength);
        server = new Side(capture.server().toByteArray(), serverLength);
    }

    /// Reads and writes all of it, to the client's end.
    protected abstract void run() throws IOException;

    /// Makes a replay of a part of a session.
    public interface Maker {
        Replay make(Capture capture, int clientLength, int serverLength);
    }

    /// Does what a framed stream's content consists of.
    public interface Content {
        void echo(Side side) throws IOException;
    }

    /// What `content` writes of what it reads from `bytes`, all of which it must read.
    protected static byte[] echo(byte[] bytes, Content content) {
        var side = new Side(bytes, bytes.length);
        try {
            content.echo(side);
            assertThat(side.in.awaitInput()).isFalse();
            return side.written();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The whole session is understood, and written again as it was.
    public static void requireSame(Capture capture, Maker maker) throws IOException {
        var replay =
                maker.make(capture, capture.client().length(), capture.server().length());
        replay.run();
        assertThat(replay.client.in.awaitInput()).as("the client said more").isFalse();
        assertThat(replay.server.in.awaitInput()).as("the server said more").isFalse();
        requireSame(replay.client.written(), capture.client());
        requireSame(replay.server.written(), capture.server());
    }

    private static void requireSame(byte[] written, ByteString said) {
        assertThat(ScriptedPeer.show(written)).isEqualTo(ScriptedPeer.show(said.toByteArray()));
    }

    /// However early either side breaks off, that is all that is found to be wrong.
    public static void requireCleanEnds(Capture capture, Maker maker) throws IOException {
        int clientLength = capture.client().length();
        int serverLength = capture.server().length();
        for (int length = 0; length < clientLength; length++)
            requireCleanEnd("client's first " + length, maker.make(capture, length, serverLength));
        for (int length = 0; length < serverLength; length++)
            requireCleanEnd("server's first " + length, maker.make(capture, clientLength, length));
    }

    private static void requireCleanEnd(String what, Replay replay) throws IOException {
        try {
            replay.run();
        } catch (EOFException e) {
            // As it should be.
        } catch (IOException | RuntimeException e) {
            throw new AssertionError("the " + what + " bytes: " + e, e);
        }
    }

    /// The id of an output whose path was not known beforehand follows from what the builder got: what a Nix up
    /// to 2.34 says is what we say in the name of a later one.
    protected static void requireIdsToFollow(BasicDerivation derivation, BuildResult result) {
        if (derivation.outputs().values().stream().noneMatch(DerivationOutput.Floating.class::isInstance)) return;
        var bare = new TreeMap<String, Realisation>();
        result.outputs()
                .forEach((name, realisation) -> bare.put(name, Realisation.ofOutput(name, realisation.outPath())));
        assertThat(HashedRealisations.of(StoreDir.NIX_STORE, derivation, result.withOutputs(bare)))
                .isEqualTo(result);
    }
}
