package dispatcher.cli.state;

import dispatcher.nix.PathInfo;
import dispatcher.nix.StorePath;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.NarTree;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// A database that is open during each test, and two paths, of which `B` refers to `A`.
abstract class StateDatabaseFixture {
    static final PathInfo INFO_A = FakeStore.info("a", NarTree.file("a"));
    static final PathInfo INFO_B = FakeStore.info("b", NarTree.file("b"), INFO_A.path());
    static final StorePath A = INFO_A.path();
    static final StorePath B = INFO_B.path();

    @TempDir
    Path directory;

    StateDatabase state = StateDatabase.existingIn(Path.of("nowhere"));

    @BeforeEach
    void open() {
        state = StateDatabase.in(directory);
    }

    @AfterEach
    void close() {
        state.close();
    }

    void restart() {
        close();
        open();
    }
}
