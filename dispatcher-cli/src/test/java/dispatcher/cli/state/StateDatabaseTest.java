package dispatcher.cli.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.entry;

import dispatcher.cli.state.database.Rows;
import dispatcher.cli.state.database.Schema;
import dispatcher.cli.state.database.Statements;
import dispatcher.history.History;
import dispatcher.nix.StorePath;
import dispatcher.nix.attributes.PackageName;
import dispatcher.store.Locations;
import dispatcher.testkit.FakeStore;
import dispatcher.testkit.Machines;
import dispatcher.testkit.ManualClock;
import dispatcher.testkit.NarTree;
import dispatcher.testkit.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateDatabaseTest {
    private static final String X86 = "x86_64-linux";
    private static final PackageName HELLO = new PackageName("hello");
    private static final StorePath A = FakeStore.path("a");

    @TempDir
    private Path directory;

    private StateDatabase state = StateDatabase.existingIn(Path.of("nowhere"));

    @AfterEach
    void close() {
        state.close();
    }

    private Path file() {
        return directory.resolve("state/state.sqlite");
    }

    private void open() {
        state.close();
        state = StateDatabase.in(directory.resolve("state"));
    }

    /// Puts something into every table.
    private void fill() throws IOException {
        state.drains().save(drained("drained"));
        var history = history();
        history.setMachines(List.of(Machines.machine("m", 1, 1)));
        history.built(HELLO, X86, "m", Duration.ofSeconds(3));
        history.save(state.history());
        var locations = locations();
        locations.addBuilt(List.of(FakeStore.info("a", NarTree.file("a"))), "m");
    }

    private History history() {
        return History.load(state.history(), Duration.ofSeconds(30), new ManualClock());
    }

    private Locations locations() {
        return Locations.load(state.locations(), Set.of("m"));
    }

    private static final Drain DRAIN =
            new Drain(Optional.of(Instant.ofEpochSecond(1_800_000_000)), Optional.of("root"), Optional.of("new disk"));

    private static SortedMap<String, Drain> drained(String... names) {
        var drained = new TreeMap<String, Drain>();
        for (var name : names) drained.put(name, DRAIN);
        return drained;
    }

    private void assertFull() throws IOException {
        assertThat(state.drains().load()).containsExactly(entry("drained", DRAIN));
        assertThat(history().packages()).hasSize(1);
        assertThat(history().machines()).hasSize(1);
        assertThat(locations().of(A)).containsExactly("m");
        assertThat(locations().contents().count(A)).isEqualTo(1);
    }

    private void assertEmpty() throws IOException {
        assertThat(state.drains().load()).isEmpty();
        assertThat(history().packages()).isEmpty();
        assertThat(locations().of(A)).isEmpty();
    }

    @Test
    void aRestartForgetsNothing() throws Exception {
        open();
        assertEmpty();
        fill();
        open();
        assertFull();
    }

    @Test
    void aCrashForgetsNothingThatWasWritten() throws Exception {
        open();
        fill();
        Files.createDirectories(directory.resolve("copy"));
        for (var name : List.of("state.sqlite", "state.sqlite-wal"))
            Files.copy(
                    directory.resolve("state").resolve(name),
                    directory.resolve("copy").resolve(name));
        state.close();
        state = StateDatabase.in(directory.resolve("copy"));
        assertFull();
    }

    @Test
    void canBeUsedAfterItWasClosed() throws Exception {
        open();
        fill();
        state.close();
        assertFull();
    }

    @Test
    void onlyItsOwnerCanReadIt() throws Exception {
        Files.createDirectories(directory.resolve("state"));
        Files.createFile(file(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--")));
        open();
        fill();
        for (var ending : List.of("", "-wal", "-shm"))
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of(file() + ending))))
                    .isEqualTo("rw-------");
    }

    @Test
    void writesThroughNoLink() throws Exception {
        Files.createDirectories(directory.resolve("state"));
        var precious = Files.writeString(directory.resolve("precious"), "");
        Files.createSymbolicLink(file(), precious);
        open();
        assertThatIOException()
                .isThrownBy(() -> state.drains().save(drained("a")))
                .withMessageContaining("symbolic link");
        assertThat(precious).isEmptyFile();
    }

    @Test
    void aCommandMakesNothing() throws Exception {
        state = StateDatabase.existingIn(directory.resolve("state"));
        assertEmpty();
        history().save(state.history());
        assertThat(directory.resolve("state")).doesNotExist();
    }

    @Test
    void aCommandReadsWhatIsThere() throws Exception {
        open();
        fill();
        state.close();
        state = StateDatabase.existingIn(directory.resolve("state"));
        assertFull();
    }

    @Test
    void othersReadWhileItIsWritten() throws Exception {
        open();
        state.drains().save(drained("before"));
        try (var reader = DriverManager.getConnection("jdbc:sqlite:" + file());
                var statement = reader.createStatement()) {
            reader.setAutoCommit(false);
            try (var rows = statement.executeQuery("SELECT name FROM drained_machine")) {
                assertThat(rows.getString(1)).isEqualTo("before");
            }
            state.drains().save(drained("after"));
            state.checkpoint();
            assertThat(state.drains().load()).containsOnlyKeys("after");
            try (var rows = statement.executeQuery("SELECT name FROM drained_machine")) {
                assertThat(rows.getString(1)).as("in its transaction").isEqualTo("before");
            }
            reader.commit();
            try (var rows = statement.executeQuery("SELECT name FROM drained_machine")) {
                assertThat(rows.getString(1)).isEqualTo("after");
            }
        }
    }

    @Test
    void aCheckpointBringsAllIntoTheFile() throws Exception {
        open();
        fill();
        state.checkpoint();
        Files.createDirectories(directory.resolve("copy"));
        Files.copy(file(), directory.resolve("copy/state.sqlite"));
        state.close();
        state = StateDatabase.in(directory.resolve("copy"));
        assertFull();
    }

    @Nested
    class Damage {
        private Path aside() {
            return Path.of(file() + ".broken");
        }

        @Test
        void isSetAsideAndTheServiceGoesOn() throws Exception {
            open();
            fill();
            state.close();
            var damaged = Files.readAllBytes(file());
            Arrays.fill(damaged, 0, 100, (byte) 'x');
            Files.write(file(), damaged);
            open();
            assertEmpty();
            assertThat(aside()).hasBinaryContent(damaged);
            fill();
            open();
            assertFull();
        }

        @Test
        void ofPagesIsSeenAtTheStart() throws Exception {
            open();
            fill();
            state.close();
            var damaged = Files.readAllBytes(file());
            for (int page = 4096; page < damaged.length; page += 4096)
                Arrays.fill(damaged, page, page + 64, (byte) 0xff);
            Files.write(file(), damaged);
            open();
            assertEmpty();
            assertThat(aside()).exists();
        }

        @Test
        void isSetAsideWithALogThatIsNone() throws Exception {
            Files.createDirectories(directory.resolve("state"));
            Files.writeString(file(), "no database at all, but long enough to be looked at as one".repeat(100));
            Files.writeString(Path.of(file() + "-wal"), "log");
            open();
            assertEmpty();
            assertThat(aside()).exists();
            fill();
            open();
            assertFull();
        }

        @Test
        void anEmptyFileIsAnEmptyDatabase() throws Exception {
            Files.createDirectories(directory.resolve("state"));
            Files.createFile(file());
            open();
            fill();
            assertFull();
            assertThat(aside()).doesNotExist();
        }

        /// A disk that lost or changed some of it.
        @Test
        @Tag("slow")
        void anywhereLosesTheDatabaseAtMost() throws Exception {
            open();
            fill();
            state.close();
            var whole = Files.readAllBytes(file());
            Seeds.run(60, random -> {
                var damaged = random.nextBoolean() ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
                for (int i = random.nextInt(40); i > 0 && damaged.length > 0; i--)
                    damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
                try {
                    Files.write(file(), damaged);
                    open();
                    var history = history();
                    for (var line : history.packages())
                        assertThat(history.remainingPath(line.name(), line.system())
                                        .isNegative())
                                .isFalse();
                    for (var machine : history.machines())
                        assertThat(machine.effective()).isPositive().isFinite();
                    assertThat(locations().of(A)).hasSizeLessThanOrEqualTo(1);
                    state.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }

        @Test
        void ofARowLosesThatRow() throws Exception {
            open();
            fill();
            var locations = locations();
            locations.add(List.of(FakeStore.path("b")), "m");
            locations.save();
            state.change(connection -> {
                Statements.run(connection, "UPDATE known_path SET contents = '[1]' WHERE path = ?", A.baseName());
                Statements.run(connection, "UPDATE history_package SET seconds = '[-1.0]'");
                Statements.run(connection, "UPDATE history_machine SET configured = 0");
            });
            assertThat(locations().of(A)).isEmpty();
            assertThat(locations().of(FakeStore.path("b"))).containsExactly("m");
            assertThat(history().packages()).isEmpty();
            assertThat(history().machines()).isEmpty();
            fill();
            assertFull();
        }
    }

    @Nested
    class Disk {
        /// The file cannot get larger than it is.
        private void fillTheDisk() throws IOException {
            state.change(connection -> {
                var pages = Rows.only(connection, "PRAGMA page_count");
                Rows.only(connection, "PRAGMA max_page_count = " + pages);
            });
        }

        @Test
        void thatIsFullKeepsWhatWasWrittenAndIsTriedAgain() throws Exception {
            open();
            fill();
            fillTheDisk();
            var locations = locations();
            for (int i = 0; i < 1000; i++) locations.add(List.of(FakeStore.path("p" + i)), "m");
            locations.save();
            assertThat(locations().of(FakeStore.path("p7"))).as("not written").isEmpty();
            assertFull();
            locations.save();
            assertThat(locations().of(FakeStore.path("p7"))).containsExactly("m");
            assertFull();
        }

        @Test
        void thatIsFullIsSaidToWhoMustKnow() throws Exception {
            open();
            fill();
            fillTheDisk();
            var many = new TreeMap<String, Drain>();
            for (int i = 0; i < 1000; i++) many.put("machine-with-a-long-name-" + i, Drain.UNKNOWN);
            assertThatIOException()
                    .isThrownBy(() -> state.drains().save(many))
                    .withMessageContaining("state.sqlite")
                    .withMessageContaining("full");
            assertFull();
        }

        /// As on one that is full or read-only, where nothing can be made beside the database.
        @Test
        void thatCannotBeWrittenIsRead() throws Exception {
            open();
            fill();
            state.close();
            Files.createDirectories(Path.of(file() + "-wal/in the way"));
            open();
            assertFull();
            assertThatIOException().isThrownBy(() -> state.drains().save(drained()));
            Files.delete(Path.of(file() + "-wal/in the way"));
            Files.delete(Path.of(file() + "-wal"));
            state.drains().save(drained());
            assertThat(state.drains().load()).isEmpty();
        }
    }

    @Nested
    class Versions {
        private static final String MIGRATIONS = "classpath:dispatcher/cli/state/migration";
        private static final Schema LATER =
                new Schema(4, List.of(MIGRATIONS, "classpath:dispatcher/cli/state/later"), Optional.empty());

        @Test
        void anEarlierOneBecomesTheLater() throws Exception {
            open();
            fill();
            state.close();
            state = StateDatabase.in(directory.resolve("state"), LATER);
            assertFull();
            state.change(connection -> Statements.run(connection, "UPDATE drained_machine SET why = 'broken fan'"));
            state.close();
            state = StateDatabase.in(directory.resolve("state"), LATER);
            assertFull();
        }

        /// One that kept nothing of drained machines but their names.
        @Test
        void theOneBeforeKeepsItsDrainedMachines() throws Exception {
            var migrations = Files.createDirectories(directory.resolve("migrations"));
            for (var name : List.of("V1__what_is_learned.sql", "V2__machine_descriptions.sql"))
                try (var script = StateDatabase.class.getResourceAsStream("migration/" + name)) {
                    Files.write(
                            migrations.resolve(name),
                            Objects.requireNonNull(script).readAllBytes());
                }
            var before = new Schema(2, List.of("filesystem:" + migrations), Optional.empty());
            try (var old = StateDatabase.in(directory.resolve("state"), before)) {
                old.change(connection ->
                        Statements.run(connection, "INSERT INTO drained_machine (name) VALUES ('former')"));
            }
            open();
            assertThat(state.drains().load()).containsExactly(entry("former", Drain.UNKNOWN));
            fill();
            assertFull();
        }

        @Test
        void aLaterOneIsSetAside() throws Exception {
            state = StateDatabase.in(directory.resolve("state"), LATER);
            fill();
            open();
            assertEmpty();
            fill();
            assertThat(Path.of(file() + ".broken")).exists();
        }

        @Test
        void whereNothingIsToBeDoneNothingIsLookedFor() throws Exception {
            open();
            fill();
            state.close();
            state = StateDatabase.in(directory.resolve("state"), without(Optional.empty()));
            assertFull();
        }

        @Test
        void aFirstStartCopiesAnEmptyOneOfTheRelease() throws Exception {
            var empty = directory.resolve("empty");
            try (var release = StateDatabase.in(empty)) {
                release.drains().load();
            }
            state = StateDatabase.in(directory.resolve("state"), without(Optional.of(empty.resolve("state.sqlite"))));
            assertEmpty();
            fill();
            assertThat(Files.getPosixFilePermissions(file())).isEqualTo(PosixFilePermissions.fromString("rw-------"));
            open();
            assertFull();
        }

        @Test
        void anEmptyOneOfAnEarlierReleaseBecomesTheLater() throws Exception {
            open();
            assertEmpty();
            state.close();
            state = StateDatabase.in(directory.resolve("later"), new Schema(4, LATER.locations(), Optional.of(file())));
            state.change(connection -> Statements.run(connection, "UPDATE drained_machine SET why = 'broken fan'"));
            fill();
            assertFull();
        }

        /// One that cannot make any table.
        private static Schema without(Optional<Path> empty) {
            return new Schema(3, List.of("classpath:nowhere"), empty);
        }

        @Test
        void theCurrentOneIsThatOfTheNewestMigration() throws Exception {
            var first = StateDatabase.class.getResource("migration/V1__what_is_learned.sql");
            assertThat(first).isNotNull();
            try (var files = Files.list(Path.of(first.toURI()).resolveSibling("."))) {
                assertThat(files).hasSize(Schema.CURRENT.version());
            }
            assertThat(Files.exists(file(), LinkOption.NOFOLLOW_LINKS)).isFalse();
        }
    }
}
