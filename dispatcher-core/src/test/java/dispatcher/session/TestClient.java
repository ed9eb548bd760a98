package dispatcher.session;

import dispatcher.access.ClientIdentity;
import dispatcher.nix.BuildResult;
import dispatcher.nix.StoreDir;
import dispatcher.nix.StorePath;
import dispatcher.protocol.ClientProtocol;
import dispatcher.protocol.Conversation;
import dispatcher.protocol.ConversationHandler;
import dispatcher.protocol.serve.ServeClient;
import dispatcher.protocol.worker.WorkerClient;
import dispatcher.session.TestFleet.Drv;
import dispatcher.store.BuildLog;
import dispatcher.store.BuildOptions;
import dispatcher.store.Store;
import dispatcher.store.Verify;
import dispatcher.testkit.Await;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.MemoryConnection;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.RecordingLog;
import dispatcher.wire.CommandChannel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/// A client of the dispatcher, connected in memory, on the real client side of its protocol.
public final class TestClient {
    private final MemoryConnection connection = new MemoryConnection();
    private final CompletableFuture<Integer> served;
    private final Store store;
    private final RecordingLog log = new RecordingLog();

    TestClient(ConversationHandler handler, ClientProtocol protocol, ClientIdentity identity) throws IOException {
        this(handler, protocol, identity, true);
    }

    TestClient(ConversationHandler handler, ClientProtocol protocol, ClientIdentity identity, boolean writes)
            throws IOException {
        this(handler, protocol, identity, writes, channel -> switch (protocol) {
            case WORKER -> new WorkerClient(channel, StoreDir.NIX_STORE, "the dispatcher");
            case SERVE -> new ServeClient(channel, StoreDir.NIX_STORE, "the dispatcher");
        });
    }

    /// Which version of Nix it is.
    interface Nix {
        Store connect(CommandChannel channel) throws IOException;
    }

    TestClient(ConversationHandler handler, ClientProtocol protocol, ClientIdentity identity, boolean writes, Nix nix)
            throws IOException {
        served = Await.start(() -> {
            int status = handler.handle(
                    protocol, new Conversation(connection.in(), connection.out(), connection.err(), identity, writes));
            connection.exit(status);
            return status;
        });
        store = nix.connect(connection.channel());
    }

    Store store() {
        return store;
    }

    RecordingLog log() {
        return log;
    }

    /// What the dispatcher said of its own in the log of builds.
    List<String> notes() {
        return Stream.concat(log.notes().stream(), log.lines().stream())
                .filter(line -> line.startsWith("dispatcher:"))
                .toList();
    }

    boolean has(StorePath path) throws IOException, InterruptedException {
        return store.queryValidPaths(List.of(path), false).contains(path);
    }

    public StorePath upload(String name, StorePath... references) throws IOException, InterruptedException {
        return upload(name, NarTree.file(name), references);
    }

    public StorePath upload(String name, NarTree tree, StorePath... references)
            throws IOException, InterruptedException {
        var info = FakeStore.info(name, tree, references);
        store.addToStore(List.of(FakeStore.toAdd(info, tree)));
        return info.path();
    }

    public BuildResult build(Drv drv) throws IOException, InterruptedException {
        return build(drv, BuildOptions.DEFAULT);
    }

    public BuildResult build(Drv drv, BuildOptions options) throws IOException, InterruptedException {
        return store.buildDerivation(drv.path(), drv.derivation(), options, log);
    }

    public CompletableFuture<BuildResult> start(Drv drv) {
        return Await.start(() -> build(drv));
    }

    /// With a log of the test's; who does not return from a call of it does not read.
    public CompletableFuture<BuildResult> start(Drv drv, BuildLog own) {
        return Await.start(() -> store.buildDerivation(drv.path(), drv.derivation(), BuildOptions.DEFAULT, own));
    }

    /// What a path holds, with the checks that a client makes.
    NarTree fetch(StorePath path) throws IOException, InterruptedException {
        var info = store.queryPathInfo(path).orElseThrow(() -> new AssertionError("no " + path));
        var nar = new ByteArrayOutputStream();
        store.narFromPath(path, Verify.HERE, nar).requireSameAs(info, "the dispatcher");
        return NarTree.parse(nar.toByteArray());
    }

    /// Breaks the connection, as a killed client does.
    void breakOff() {
        store.close();
    }

    /// Breaks the connection, as a killed client does, and waits until the dispatcher is done with it.
    void leave() {
        store.close();
        Await.result(served);
    }

    /// Waits until the dispatcher has sent it away.
    int awaitEnd() {
        return Await.result(served);
    }

    boolean isServed() {
        return !served.isDone();
    }
}
