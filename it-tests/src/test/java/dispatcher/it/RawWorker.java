package dispatcher.it;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/// A client of the worker protocol, written down byte by byte, so that it can be wrong in any way. Confined to
/// one thread. Source: Nix 2.8, `src/libstore/worker-protocol.hh`.
final class RawWorker implements AutoCloseable {

    static final long IS_VALID_PATH = 1;
    static final long QUERY_VALID_PATHS = 31;
    static final long NAR_FROM_PATH = 38;
    static final long ADD_TO_STORE_NAR = 39;

    private static final long BUILD_DERIVATION = 36;

    private static final long CLIENT_MAGIC = 0x6e697863L;
    private static final long SERVER_MAGIC = 0x6478696fL;
    private static final long VERSION = (1 << 8) | 34;
    private static final long NEXT = 0x6f6c6d67L;
    private static final long START_ACTIVITY = 0x53545254L;
    private static final long STOP_ACTIVITY = 0x53544f50L;
    private static final long RESULT = 0x52534c54L;
    private static final long LAST = 0x616c7473L;
    private static final long ERROR = 0x63787470L;

    private final SocketChannel channel;
    private final InputStream in;
    private final ByteArrayOutputStream pending = new ByteArrayOutputStream();

    /// Connects, and says nothing.
    RawWorker(Path socket) throws IOException {
        channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(socket));
        in = Channels.newInputStream(channel);
    }

    /// Connects and does the handshake.
    static RawWorker greeted(Path socket) throws IOException {
        RawWorker worker = new RawWorker(socket);
        worker.word(CLIENT_MAGIC).send();
        worker.expect(SERVER_MAGIC);
        worker.readWord();
        worker.word(VERSION).word(0).word(0).send();
        worker.readText();
        worker.expect(LAST);
        return worker;
    }

    // ---- what goes out, with the next send

    RawWorker word(long value) {
        return bytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array());
    }

    RawWorker text(String text) {
        return bytes(string(text.getBytes(StandardCharsets.UTF_8)));
    }

    RawWorker texts(List<String> texts) {
        word(texts.size());
        texts.forEach(this::text);
        return this;
    }

    RawWorker bytes(byte... bytes) {
        pending.writeBytes(bytes);
        return this;
    }

    /// One frame of a framed stream; an empty one ends the stream.
    RawWorker frame(byte... bytes) {
        return word(bytes.length).bytes(bytes);
    }

    /// The head of an upload; frames with the NAR follow.
    ///
    /// @param narHash SHA-256 in hexadecimal digits
    RawWorker addToStoreNar(String path, String narHash, long narSize) {
        return word(ADD_TO_STORE_NAR)
                .text(path)
                .text("") // deriver
                .text(narHash)
                .texts(List.of()) // references
                .word(0) // registration time
                .word(narSize)
                .word(0) // ultimate
                .texts(List.of()) // signatures
                .text("") // content address
                .word(0) // repair
                .word(1); // no signatures wanted
    }

    /// A build of a derivation without inputs.
    ///
    /// @param script for `/bin/sh`, which finds the path of the only output in `$out`
    RawWorker buildDerivation(String drvPath, String output, String system, String script) {
        return word(BUILD_DERIVATION)
                .text(drvPath)
                .word(1)
                .text("out")
                .text(output)
                .text("") // hash algorithm
                .text("") // hash
                .texts(List.of()) // inputs
                .text(system)
                .text("/bin/sh")
                .texts(List.of("-e", "-c", script))
                .word(1)
                .text("out")
                .text(output)
                .word(0); // normal mode
    }

    RawWorker send() throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(pending.toByteArray());
        pending.reset();
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
        return this;
    }

    /// Says that nothing more will come.
    void finish() throws IOException {
        channel.shutdownOutput();
    }

    /// A string as the protocol and NARs have it: length, bytes, zeros up to a multiple of 8.
    static byte[] string(byte... bytes) {
        return ByteBuffer.allocate(8 + (bytes.length + 7) / 8 * 8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(bytes.length)
                .put(bytes)
                .array();
    }

    // ---- what comes in

    long readWord() throws IOException {
        byte[] bytes = in.readNBytes(8);
        if (bytes.length < 8) {
            throw new EOFException("the dispatcher ended the connection");
        }
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    String readText() throws IOException {
        int length = Math.toIntExact(readWord());
        byte[] bytes = in.readNBytes((length + 7) / 8 * 8);
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    /// Reads the end of a request's messages, after which the answer comes.
    void expectDone() throws IOException {
        expect(LAST);
    }

    /// Reads the messages of a build and its result.
    ///
    /// @throws AssertionError if it is not a new and successful build
    void expectBuilt() throws IOException {
        skipMessages();
        long status = readWord();
        String message = readText();
        if (status != 0) {
            throw new AssertionError("built with status %d: %s".formatted(status, message));
        }
        for (int i = 0; i < 4; i++) {
            readWord(); // times built, not deterministic, start, stop
        }
        for (long outputs = readWord(); outputs > 0; outputs--) {
            readText();
            readText();
        }
    }

    private void skipMessages() throws IOException {
        long type = readWord();
        while (type != LAST) {
            if (type == NEXT) {
                readText();
            } else if (type == START_ACTIVITY) {
                readWord(); // number
                readWord(); // level
                readWord(); // type
                readText();
                skipFields();
                readWord(); // parent
            } else if (type == STOP_ACTIVITY) {
                readWord(); // number
            } else if (type == RESULT) {
                readWord(); // number
                readWord(); // type
                skipFields();
            } else {
                throw new AssertionError("got 0x%x within the messages of a request".formatted(type));
            }
            type = readWord();
        }
    }

    private void skipFields() throws IOException {
        for (long fields = readWord(); fields > 0; fields--) {
            if (readWord() == 0) {
                readWord();
            } else {
                readText();
            }
        }
    }

    /// Reads the answer to a request that is refused.
    ///
    /// @return the message
    String expectFailure() throws IOException {
        expect(ERROR);
        readText(); // "Error"
        readWord(); // level
        readText(); // name
        String message = readText();
        readWord(); // no position
        for (long traces = readWord(); traces > 0; traces--) {
            readWord();
            readText();
        }
        return message;
    }

    /// Reads up to the end of the connection, which is a reset if the dispatcher has not read all that was sent.
    ///
    /// @return how many bytes came before it
    int expectEnd() throws IOException {
        int count = 0;
        try {
            while (in.read() >= 0) {
                count++;
            }
        } catch (SocketException e) {
            // Then so it ended.
        }
        return count;
    }

    private void expect(long expected) throws IOException {
        long word = readWord();
        if (word != expected) {
            throw new AssertionError("got 0x%x instead of 0x%x".formatted(word, expected));
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
