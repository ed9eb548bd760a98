package dispatcher.protocol;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dispatcher.nix.StoreDir;
import dispatcher.protocol.serve.ServeClient;
import dispatcher.protocol.serve.ServeServer;
import dispatcher.protocol.worker.WorkerClient;
import dispatcher.protocol.worker.WorkerServer;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.Store;
import dispatcher.store.Verify;
import dispatcher.testkit.Bounds;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Samples;
import dispatcher.wire.CommandChannel;
import dispatcher.wire.WireReader;
import dispatcher.wire.WireWriter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;

/// Whatever the other side says, in either protocol and either role: it is answered, or the conversation ends
/// with an [IOException]; never in another way.
///
/// A normal run only replays the inputs under `src/test/resources/dispatcher/protocol/ProtocolFuzzTestInputs`.
/// `scripts/fuzz` looks for new ones.
class ProtocolFuzzTest {
    private static final StoreDir DIR = StoreDir.NIX_STORE;
    private static final String DURATION = "10m";

    private interface Conversation {
        void run() throws IOException, InterruptedException;
    }

    /// Runs it to its end, which is that of the input at the latest.
    private static void converse(Conversation conversation) {
        try {
            conversation.run();
        } catch (InterruptedException e) {
            // The client has gone while something was done for it.
        } catch (IOException e) {
            if (String.valueOf(e.getMessage()).isBlank() && e.getClass() == IOException.class)
                throw new AssertionError("an error without a word", e);
        } finally {
            Thread.interrupted();
        }
    }

    private static FakeStore store() {
        return Samples.store().building((_, _, _, _) -> Samples.FAILED);
    }

    @FuzzTest(maxDuration = DURATION)
    void workerServer(byte[] said) {
        Bounds.hold(said.length, () -> tryWorkerServer(said));
    }

    private static void tryWorkerServer(byte[] said) {
        converse(() -> new WorkerServer(
                        reader(said), new WireWriter(OutputStream.nullOutputStream()), store(), DIR, "fuzzed")
                .run());
    }

    @FuzzTest(maxDuration = DURATION)
    void serveServer(byte[] said) {
        Bounds.hold(said.length, () -> tryServeServer(said));
    }

    private static void tryServeServer(byte[] said) {
        var nowhere = OutputStream.nullOutputStream();
        converse(() -> new ServeServer(reader(said), new WireWriter(nowhere), nowhere, store(), DIR).run());
    }

    @FuzzTest(maxDuration = DURATION)
    void workerClient(byte[] said) {
        Bounds.hold(said.length, () -> tryWorkerClient(said));
    }

    private static void tryWorkerClient(byte[] said) {
        converse(() -> use(new WorkerClient(new Answers(said), DIR, "fuzzer")));
    }

    @FuzzTest(maxDuration = DURATION)
    void serveClient(byte[] said) {
        Bounds.hold(said.length, () -> tryServeClient(said));
    }

    private static void tryServeClient(byte[] said) {
        converse(() -> use(new ServeClient(new Answers(said), DIR, "fuzzer")));
    }

    private static WireReader reader(byte[] said) {
        return new WireReader(new ByteArrayInputStream(said));
    }

    /// Asks all that a machine is asked, for as long as there are answers.
    private static void use(Store store) throws IOException, InterruptedException {
        try (store) {
            while (true) {
                store.queryValidPaths(List.of(Samples.SOURCE.path(), Samples.LIBRARY.path()), false);
                store.buildDerivation(Samples.DRV, Samples.DERIVATION, BuildOptions.DEFAULT, BuildLog.NONE);
                store.queryPathInfo(Samples.OUT);
                store.narFromPath(Samples.OUT, Verify.HERE, OutputStream.nullOutputStream());
                store.addToStore(List.of(FakeStore.toAdd(Samples.SOURCE, Samples.SOURCE_TREE)));
            }
        }
    }

    /// A machine that says this, whatever it is asked.
    private record Answers(InputStream in) implements CommandChannel {
        Answers(byte[] said) {
            this(new ByteArrayInputStream(said));
        }

        @Override
        public OutputStream out() {
            return OutputStream.nullOutputStream();
        }

        @Override
        public InputStream err() {
            return InputStream.nullInputStream();
        }

        @Override
        public void awaitErrors() {}

        @Override
        public OptionalInt exitStatus(Duration limit) {
            return OptionalInt.of(1);
        }

        @Override
        public void close() {}
    }
}
