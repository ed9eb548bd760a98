package dispatcher.store.host;

import static org.assertj.core.api.Assertions.assertThat;

import dispatcher.nix.PathInfo;
import dispatcher.store.Verify;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreFilesTest {
    private static final NarTree TREE = NarTree.directory().with("bin", NarTree.executable("#!/bin/sh\n"));
    private static final PathInfo INFO = FakeStore.info("tool", TREE);

    @TempDir
    private Path nix;

    private Path store;
    private final FakeStore daemon = new FakeStore();
    private final ByteArrayOutputStream nar = new ByteArrayOutputStream();

    @BeforeEach
    void makeStore() throws IOException {
        store = Files.createDirectory(nix.resolve("store"));
        daemon.with(INFO, TREE);
    }

    private StoreFiles files() {
        return StoreFiles.in(store).orElseThrow();
    }

    private void inFiles(NarTree tree) throws IOException {
        FileTreeTest.write(tree, store.resolve(INFO.path().baseName()));
    }

    private long pass() throws Exception {
        try (var conversation = new StoreInPlace(daemon, files())) {
            return conversation
                    .narFromPath(INFO.path(), Verify.byReceiver(INFO), nar)
                    .size();
        }
    }

    @Test
    void pathIsReadFromItsFilesWithoutTheDaemon() throws Exception {
        inFiles(TREE);

        assertThat(pass()).isEqualTo(INFO.narSize());
        assertThat(nar.toByteArray()).isEqualTo(TREE.toNar());
        assertThat(daemon.journal()).noneMatch(asked -> asked.contains("tool"));
    }

    /// As where the daemon's store is another one than the directory that we see.
    @Test
    void filesOfAnotherSizeAreLeftAlone() throws Exception {
        inFiles(NarTree.file("of somebody else"));

        assertThat(pass()).isEqualTo(INFO.narSize());
        assertThat(nar.toByteArray()).isEqualTo(TREE.toNar());
    }

    @Test
    void whatHasNoFilesHereIsReadByTheDaemon() throws Exception {
        assertThat(pass()).isEqualTo(INFO.narSize());
        assertThat(nar.toByteArray()).isEqualTo(TREE.toNar());
    }

    @Test
    void narThatIsToBeHashedHereComesFromTheDaemon() throws Exception {
        inFiles(TREE);
        try (var conversation = new StoreInPlace(daemon, files())) {
            conversation.narFromPath(INFO.path(), Verify.HERE, nar);
        }

        assertThat(daemon.journal()).anyMatch(asked -> asked.contains("tool"));
    }

    @Test
    void storeIsFoundBesideTheSocketOfItsDaemon() throws Exception {
        var socket = nix.resolve("var/nix/daemon-socket/socket");
        Files.createDirectories(socket.getParent());
        Files.createFile(socket);
        inFiles(TREE);
        var link = Files.createSymbolicLink(nix.resolve("link"), socket);

        assertThat(StoreFiles.beside(socket).orElseThrow().writeNar(INFO, nar)).isTrue();
        assertThat(StoreFiles.beside(link).orElseThrow().writeNar(INFO, nar)).isTrue();
    }

    @Test
    void daemonThatListensElsewhereIsAskedForAll() throws Exception {
        var socket = Files.createFile(nix.resolve("socket"));

        assertThat(StoreFiles.beside(socket)).isEmpty();
        assertThat(StoreFiles.beside(nix.resolve("gone"))).isEmpty();
    }
}
